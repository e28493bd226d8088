import { endOfString, skipSpace } from './scan-json.js';

/** Length in bytes from which a string is omitted. */
const LONG = 1024;

/** Longer than any name that the gateway accepts, so that a long name is still rejected. */
const STAND_IN_LENGTH = 257;

/** Begins a stand-in. No name contains this character. */
const MARK = '\u0000';

/** JSON of a stand-in. The length of the omitted string, in digits, follows the mark. */
const STAND_IN = Buffer.from(JSON.stringify(MARK.padEnd(STAND_IN_LENGTH)));
const MAX_DIGITS = 9;
const DIGITS_AT = JSON.stringify(MARK).length - 1;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/**
 * Replaces the long string values in JSON with short stand-ins. Parsers need most of their time and memory for texts and
 * base64 data, of which the gateway reads only the length. Names of members stay. The provider validates the omitted
 * strings: all parsers agree where a string ends (RFC 8259 §7). Without long strings, it returns the same buffer.
 *
 * @param bytes valid UTF-8.
 */
export function omitLongStrings(bytes: Buffer): Buffer {
  const strings = findLongStrings(bytes);
  if (strings.length === 0) return bytes;
  const omitted = strings.reduce((sum, { start, end }) => sum + end - start, 0);
  const shortened = Buffer.allocUnsafe(bytes.length - omitted + strings.length * STAND_IN.length);
  let read = 0;
  let written = 0;
  for (const { start, end, length } of strings) {
    written += bytes.copy(shortened, written, read, start);
    STAND_IN.copy(shortened, written);
    shortened.write(String(length), written + DIGITS_AT, 'latin1');
    written += STAND_IN.length;
    read = end;
  }
  bytes.copy(shortened, written, read);
  return shortened;
}

/** String value in JSON bytes. */
interface LongString {
  /** Offset of the opening quote. */
  readonly start: number;
  /** Offset after the closing quote. */
  readonly end: number;
  /** Length of the parsed string in bytes of UTF-8. */
  readonly length: number;
}

function findLongStrings(bytes: Buffer): readonly LongString[] {
  const strings: LongString[] = [];
  let backslash = indexOf(bytes, BACKSLASH, 0);
  for (let start = indexOf(bytes, QUOTE, 0); start < bytes.length; ) {
    const end = endOfString(bytes, start);
    if (end - start > LONG && bytes[skipSpace(bytes, end)] !== COLON) {
      if (backslash < start) backslash = indexOf(bytes, BACKSLASH, start);
      let length = end - start - 2;
      while (backslash < end) {
        const width = bytes[backslash + 1] === LETTER_U ? 6 : 2;
        length += (width === 6 ? lengthOfCodeUnit(bytes, backslash) : 1) - width;
        backslash = indexOf(bytes, BACKSLASH, backslash + width);
      }
      strings.push({ start, end, length });
    }
    start = indexOf(bytes, QUOTE, end);
  }
  return strings;
}

/** Returns the offset of the first such byte from `start`, or the length of all bytes. */
function indexOf(bytes: Buffer, byte: number, start: number): number {
  const found = bytes.indexOf(byte, start);
  return found === -1 ? bytes.length : found;
}

/** Returns the length of an escaped code unit, for example `\u00e9`, in bytes of UTF-8. Two surrogates have four bytes. */
function lengthOfCodeUnit(bytes: Buffer, backslash: number): number {
  const codeUnit = Number.parseInt(bytes.toString('latin1', backslash + 2, backslash + 6), 16);
  if (codeUnit < 0x80) return 1;
  return codeUnit < 0x800 || (codeUnit & 0xf800) === 0xd800 ? 2 : 3;
}

/**
 * Returns the length of a string in parsed JSON in bytes of UTF-8, also of an omitted string. A client can send a stand-in
 * too, which can only make its string longer.
 */
export function lengthOfString(text: string): number {
  if (text.length !== STAND_IN_LENGTH || !text.startsWith(MARK)) return Buffer.byteLength(text);
  return Math.max(text.length, Number.parseInt(text.slice(MARK.length, MARK.length + MAX_DIGITS), 10) || 0);
}
