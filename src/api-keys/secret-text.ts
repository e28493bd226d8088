import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * Secret that only `reveal()` returns. JSON, string templates, logs and `util.inspect()` show `[secret]` instead.
 *
 * @example
 * const secret = apiKeys.get('enterprise-key')?.models[0]?.apiKey;
 * console.log(`${secret}`); // [secret]
 */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Return the secret in plain text. */
  reveal(): string {
    return this.#text;
  }

  /** Return `[secret]`. */
  toString(): string {
    return MASK;
  }

  /** Return `[secret]`, for JSON. */
  toJSON(): string {
    return MASK;
  }

  /** Return `[secret]`, for `util.inspect()`. */
  [inspect.custom](): string {
    return MASK;
  }
}
