import { endOfString } from './scan-json.js';

/** Limits of the structure of JSON. */
export interface JsonLimits {
  /** Maximum number of nested objects and arrays. */
  readonly depth: number;
  /** Maximum number of members in one object. */
  readonly members: number;
  /** Maximum number of values in all objects and arrays. An empty object or array counts as two values. */
  readonly values: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Returns the limit that JSON bytes exceed, or `undefined` (RFC 8259 §9). Check the limits before parsing: parsers take
 * seconds for millions of values or levels, and recursive functions overflow the stack. Invalid JSON is accepted.
 */
export function findExcess(bytes: Buffer, limits: JsonLimits): keyof JsonLimits | undefined {
  /** Number of members in each open object or array. */
  const counts: number[] = [];
  let members = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (counts.push(members) > limits.depth) return 'depth';
      members = 0;
      values += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) members = counts.pop() ?? 0;
    else if (byte === COMMA) values += 1;
    else if (byte === COLON) {
      members += 1;
      if (members > limits.members) return 'members';
    }
    if (values > limits.values) return 'values';
  }
  return undefined;
}
