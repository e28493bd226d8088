const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Four quotes, and four backslashes. */
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;

/** Distance in words of 4 bytes beyond which native searches are faster, although they take longer to start. */
const NEAR_WORDS = 64;

/**
 * Reads strings in JSON bytes, from left to right, in linear time. It does not validate them: only quotes and backslashes
 * determine where a string ends (RFC 8259 §7).
 */
export class StringScanner {
  /** Offset after the last string. */
  end = 0;
  /** Length of the last string, without escapes, in bytes of UTF-8. */
  length = 0;
  readonly #bytes: Buffer;
  /** The bytes from the first address that is divisible by 4, as words of 4 bytes. */
  readonly #words: Int32Array;
  readonly #firstWord: number;
  /** Results of the last native searches. */
  #quote = -1;
  #backslash = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#firstWord = -bytes.byteOffset & 3;
    const start = bytes.byteOffset + this.#firstWord;
    const length = (bytes.length - this.#firstWord) >> 2;
    this.#words = length > 0 ? new Int32Array(bytes.buffer, start, length) : new Int32Array();
  }

  /** Returns the offset of the first quote from `at`, or the length of the bytes. */
  findQuote(at: number): number {
    let found = this.#findSpecial(at);
    while (this.#bytes[found] === BACKSLASH) found = this.#findSpecial(found + 1);
    return found;
  }

  /** Reads the string whose opening quote is at `open`, and sets its `end` and `length`. */
  read(open: number): void {
    const bytes = this.#bytes;
    let saved = 0;
    let at = this.#findSpecial(open + 1);
    while (bytes[at] === BACKSLASH) {
      saved += bytes[at + 1] === LETTER_U ? 6 - lengthOfCodeUnit(bytes, at) : 1;
      at = this.#findSpecial(at + 2);
    }
    this.end = Math.min(at + 1, bytes.length);
    this.length = at - open - 1 - saved;
  }

  /** Returns the offset of the first quote or backslash from `start`, or the length of the bytes. */
  #findSpecial(start: number): number {
    const bytes = this.#bytes;
    const words = this.#words;
    let at = start;
    for (; ((at - this.#firstWord) & 3) !== 0; at += 1) if (isSpecial(bytes[at])) return at;
    let word = (at - this.#firstWord) >> 2;
    const far = word + NEAR_WORDS;
    const last = Math.min(far, words.length);
    while (word < last && !hasSpecial(words[word] ?? 0)) word += 1;
    at = this.#firstWord + word * 4;
    if (word === far) return this.#findFar(at);
    while (at < bytes.length && !isSpecial(bytes[at])) at += 1;
    return Math.min(at, bytes.length);
  }

  /** Searches a type of byte only after its last occurrence, so that all searches together take linear time. */
  #findFar(start: number): number {
    if (this.#quote < start) this.#quote = indexOf(this.#bytes, QUOTE, start);
    if (this.#backslash < start) this.#backslash = indexOf(this.#bytes, BACKSLASH, start);
    return Math.min(this.#quote, this.#backslash);
  }
}

function isSpecial(byte: number | undefined): boolean {
  return byte === QUOTE || byte === BACKSLASH;
}

/** Whether one of four bytes is a quote or a backslash, without a loop. */
function hasSpecial(word: number): boolean {
  return (zeroBytes(word ^ QUOTES) | zeroBytes(word ^ BACKSLASHES)) !== 0;
}

/** Returns a number that is not 0 if one of four bytes is 0. */
function zeroBytes(word: number): number {
  return (word - 0x01010101) & ~word & 0x80808080;
}

/** Returns the offset of the first such byte from `start`, or the length of all bytes. */
function indexOf(bytes: Buffer, byte: number, start: number): number {
  const found = bytes.indexOf(byte, start);
  return found === -1 ? bytes.length : found;
}

/**
 * Returns the length of an escaped code unit, for example `\u00e9`, in bytes of UTF-8. Two surrogates have four bytes. An
 * invalid escape counts in full, so that it cannot lower the estimate of a request.
 */
function lengthOfCodeUnit(bytes: Buffer, backslash: number): number {
  const codeUnit = Number(`0x${bytes.toString('latin1', backslash + 2, backslash + 6)}`);
  if (Number.isNaN(codeUnit)) return 6;
  if (codeUnit < 0x80) return 1;
  return codeUnit < 0x800 || (codeUnit & 0xf800) === 0xd800 ? 2 : 3;
}
