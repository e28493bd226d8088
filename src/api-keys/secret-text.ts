import { inspect } from 'node:util';

const MASK = '[secret]';

/** A secret that only `reveal()` shows. JSON, string templates, logs and `util.inspect` show a mask. */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the secret. */
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
