import { skipSpace } from './scan-json.js';
import { StringScanner } from './string-scanner.js';

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

const COLON = 0x3a;

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
  const scanner = new StringScanner(bytes);
  for (let start = scanner.findQuote(0); start < bytes.length; start = scanner.findQuote(scanner.end)) {
    scanner.read(start);
    const { end, length } = scanner;
    const isLongValue = end - start > LONG && bytes[skipSpace(bytes, end)] !== COLON;
    if (isLongValue) strings.push({ start, end, length });
  }
  return strings;
}

/**
 * Returns the length of a string in parsed JSON in bytes of UTF-8, also of an omitted string. A client can send a stand-in
 * too, which can only make its string longer.
 */
export function lengthOfString(text: string): number {
  if (text.length !== STAND_IN_LENGTH || !text.startsWith(MARK)) return Buffer.byteLength(text);
  return Math.max(text.length, Number.parseInt(text.slice(MARK.length, MARK.length + MAX_DIGITS), 10) || 0);
}
