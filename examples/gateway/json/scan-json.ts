const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Member of an object in JSON bytes. All offsets are in bytes. */
export interface JsonMember {
  /** Name without escapes. */
  readonly name: string;
  /** Offset after the preceding `{` or `,`. White space can follow. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Offset of the following `,` or `}`. White space can precede it. */
  readonly end: number;
}

/**
 * Lists the members of an object, in order and including duplicates. It skips values without parsing them.
 *
 * @param bytes valid JSON (RFC 8259) in UTF-8. Parse it first, because this function does not validate it.
 * @param open offset of the `{` of the object.
 */
export function listMembers(bytes: Buffer, open: number): readonly JsonMember[] {
  const members: JsonMember[] = [];
  let start = open + 1;
  let at = skipSpace(bytes, start);
  while (bytes[at] === QUOTE) {
    const nameEnd = endOfString(bytes, at);
    const valueStart = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1);
    const valueEnd = endOfValue(bytes, valueStart);
    const end = skipSpace(bytes, valueEnd);
    members.push({ name: readName(bytes, at, nameEnd), start, valueStart, valueEnd, end });
    if (bytes[end] !== COMMA) break;
    start = end + 1;
    at = skipSpace(bytes, start);
  }
  return members;
}

/**
 * Returns the first member name that occurs twice in the same object, at any depth, in linear time. Parsers disagree
 * about the value of such a member (RFC 8259 §4).
 *
 * @param bytes valid JSON in UTF-8.
 */
export function findDuplicateName(bytes: Buffer): string | undefined {
  const objects: NamesOfObject[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === OPEN_BRACE) objects.push(undefined);
    else if (byte === CLOSE_BRACE) objects.pop();
    else if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (bytes[skipSpace(bytes, end)] === COLON) {
        const name = readName(bytes, at, end);
        const names = objects.pop();
        if (names === name || (names instanceof Set && names.has(name))) return name;
        objects.push(addName(names, name));
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Names in an object. Most objects in deeply nested JSON have one member, which needs no set. */
type NamesOfObject = undefined | string | Set<string>;

function addName(names: NamesOfObject, name: string): NamesOfObject {
  if (names === undefined) return name;
  return (typeof names === 'string' ? new Set([names]) : names).add(name);
}

/** Returns the offset of the first byte from `at` that is not white space (RFC 8259 §2). */
export function skipSpace(bytes: Buffer, at: number): number {
  let next = at;
  while (isSpace(bytes[next])) next += 1;
  return next;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function readName(bytes: Buffer, start: number, end: number): string {
  const name = bytes.toString('utf8', start + 1, end - 1);
  return name.includes('\\') ? String(JSON.parse(`"${name}"`)) : name;
}

/** Returns the offset after a string. A quote after an odd number of backslashes is part of the string. */
export function endOfString(bytes: Buffer, open: number): number {
  let quote = bytes.indexOf(QUOTE, open + 1);
  while (quote !== -1) {
    let first = quote;
    while (bytes[first - 1] === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote + 1;
    quote = bytes.indexOf(QUOTE, quote + 1);
  }
  return bytes.length;
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(bytes, start);
  let end = start;
  while (end < bytes.length && !isSpace(bytes[end]) && !isDelimiter(bytes[end])) end += 1;
  return end;
}

function isDelimiter(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

function endOfContainer(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      continue;
    }
    at += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
    if (depth === 0) return at;
  }
  return at;
}
