/** 64 KiB a generation, of which there are two. */
const BITS = 2 ** 19;

/** With that many bits set in both, one token in eight that never came before looks as if it had. */
const MAX_SIGHTINGS = BITS / 16;

/** How much of a token tells it from others: its last characters are those of its tag, which looks random. */
const CHARACTERS = 10;

/**
 * Which tokens came before, roughly, in little room and without keeping any of them: of most tokens that are new it
 * says so, without their digest, and those that come back it knows until many others came.
 */
export class TokenSightings {
  #recent = new Uint32Array(BITS / 32);
  #older = new Uint32Array(BITS / 32);
  #count = 0;

  /** @param bit of the token: `bitOf`. */
  has(bit: number): boolean {
    if (isSet(this.#recent, bit)) return true;
    if (!isSet(this.#older, bit)) return false;
    this.#set(bit);
    return true;
  }

  /** @param bit of a token that opened. */
  add(bit: number): void {
    if (!isSet(this.#recent, bit)) this.#set(bit);
  }

  #set(bit: number): void {
    if (this.#count === MAX_SIGHTINGS) {
      [this.#recent, this.#older] = [this.#older.fill(0), this.#recent];
      this.#count = 0;
    }
    const word = bit >>> 5;
    this.#recent[word] = (this.#recent[word] ?? 0) | (1 << (bit & 31));
    this.#count += 1;
  }
}

function isSet(bits: Uint32Array, bit: number): boolean {
  return (((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

/** Where a token leaves its trace. Whoever chooses the characters gains a digest that is computed in vain. */
export function bitOf(token: string): number {
  let mixed = 0;
  for (let index = Math.max(0, token.length - CHARACTERS); index < token.length; index += 1) {
    mixed = Math.imul(mixed, 31) + token.charCodeAt(index);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & (BITS - 1);
}
