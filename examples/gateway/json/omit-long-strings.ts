import { isAscii, transcode } from 'node:buffer';
import { endOfString, skipSpace } from './scan-json.js';

/** Length in bytes from which a string is omitted. */
const LONG = 1024;

/** Longer than any name that the gateway accepts, so that a long name is still rejected. */
const STAND_IN_LENGTH = 257;

/** Number of bytes to transcode at once. Larger parts would take more memory, and hardly less time. */
const PART = 65_536;

/** Begins a stand-in. No name contains this character. */
const MARK = '\u0000';

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
  const parts: Buffer[] = [];
  let kept = 0;
  for (let open = bytes.indexOf(QUOTE); open !== -1; ) {
    const end = endOfString(bytes, open);
    if (end - open > LONG && bytes[skipSpace(bytes, end)] !== COLON) {
      parts.push(bytes.subarray(kept, open), standInFor(measureString(bytes.subarray(open + 1, end - 1))));
      kept = end;
    }
    open = bytes.indexOf(QUOTE, end);
  }
  return kept === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(kept)]);
}

/**
 * Returns the length of a string in parsed JSON, also of an omitted string. A client can send a stand-in too, which can
 * only make its string longer.
 */
export function lengthOfString(text: string): number {
  if (text.length < STAND_IN_LENGTH || !text.startsWith(MARK)) return text.length;
  return Math.max(text.length, Number(/^\0(\d{1,9}) *$/.exec(text)?.[1] ?? 0));
}

function standInFor(length: number): Buffer {
  return Buffer.from(JSON.stringify(`${MARK}${length}`.padEnd(STAND_IN_LENGTH)));
}

/** Returns the length of the parsed string in UTF-16 code units. */
function measureString(text: Buffer): number {
  let length = isAscii(text) ? text.length : countCodeUnits(text);
  let at = text.indexOf(BACKSLASH);
  while (at !== -1) {
    const width = text[at + 1] === LETTER_U ? 6 : 2;
    length -= width - 1;
    at = text.indexOf(BACKSLASH, at + width);
  }
  return length;
}

function countCodeUnits(text: Buffer): number {
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const end = startOfCharacter(text, at + PART);
    count += transcode(text.subarray(at, end), 'utf8', 'utf16le').length / 2;
    at = end;
  }
  return count;
}

/** Returns the index of the first byte of the character at this index (RFC 3629 §3), or the end of the text. */
function startOfCharacter(text: Buffer, index: number): number {
  let at = Math.min(index, text.length);
  while (((text[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
