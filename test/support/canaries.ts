import { randomBytes } from 'node:crypto';

/** The end of a secret that is this long is a leak already. */
const TELLING_CHARACTERS = 16;

/** Secrets by what they are, and everything in which none of them may be found. */
export class Canaries {
  readonly #secrets = new Map<string, string>();
  readonly #writings: { readonly where: string; readonly text: string }[] = [];

  /** A new secret that nothing else contains. */
  create(what: string, prefix = ''): string {
    return this.add(what, `${prefix}${randomBytes(24).toString('base64url')}`);
  }

  /** A secret that somebody else has made. */
  add(what: string, secret: string): string {
    this.#secrets.set(what, secret);
    return secret;
  }

  /** Something that was written, for others to read. */
  collect(where: string, text: string): void {
    this.#writings.push({ where, text });
  }

  /** What was found where; each secret is looked for in every spelling that a log may give it. */
  find(): readonly string[] {
    return [...this.#secrets].flatMap(([what, secret]) => {
      const spellings = spellingsOf(secret);
      return this.#writings
        .filter(({ text }) => spellings.some((spelling) => text.includes(spelling)))
        .map(({ where }) => `${what} in ${where}`);
    });
  }

  get writings(): number {
    return this.#writings.length;
  }
}

function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    secret.slice(-TELLING_CHARACTERS),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    [...secret].reverse().join(''),
  ];
}
