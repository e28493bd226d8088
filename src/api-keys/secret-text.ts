import { inspect } from 'node:util';

const MASK = '[secret]';

/** A secret that shows itself only where it is asked for: not in JSON, string templates, logs or the inspector. */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
