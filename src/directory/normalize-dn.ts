import { isUtf8 } from 'node:buffer';

/** Attribute type and value of a relative distinguished name, normalized. */
type Assertion = readonly [type: string, value: string];

/** Attribute type: a name or an OID (RFC 4512 §1.4). */
const TYPE = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)$/;

const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
const HEX_VALUE = /^#(?:[0-9A-Fa-f]{2})+$/;

/** Start of an encoded value, to tell it from a string. A decoded string never contains a lone surrogate. */
const ENCODED = '\ud800';

/** Characters that may follow a backslash unchanged (RFC 4514 §3). */
const ESCAPABLE = ' "#+,;<=>\\';

const MAX_LENGTH = 2048;

/**
 * Normalize a distinguished name, so that equivalent spellings are equal strings: escapes, spaces around separators, the case
 * of ASCII letters, and the order within a multi-valued RDN. Other letters keep their case, because directories disagree
 * about it. Compare the groups of a person with it.
 *
 * @returns `undefined` if the name is malformed or empty
 * @see RFC 4514 §3
 *
 * @example
 * normalizeDn('CN=Staff, DC=example') === normalizeDn('cn=staff,dc=example'); // true
 */
export function normalizeDn(dn: string): string | undefined {
  if (dn.length > MAX_LENGTH) return undefined;
  const names: Assertion[][] = [];
  let name: Assertion[] = [];
  for (const { text, end } of splitAssertions(dn)) {
    const assertion = parseAssertion(text);
    if (assertion === undefined) return undefined;
    name.push(assertion);
    if (end === '+') continue;
    names.push(name.sort(compareAssertions));
    name = [];
  }
  return name.length > 0 ? undefined : JSON.stringify(names);
}

interface Part {
  readonly text: string;
  /** Separator that follows: `+` within an RDN, `,` between RDNs, or nothing at the end. */
  readonly end: string;
}

/** Split a DN at separators that are not escaped. */
function splitAssertions(dn: string): readonly Part[] {
  const parts: Part[] = [];
  let start = 0;
  for (let index = 0; index < dn.length; index += 1) {
    const character = dn.charAt(index);
    if (character === '\\') index += 1;
    else if (character === ',' || character === '+') {
      parts.push({ text: dn.slice(start, index), end: character });
      start = index + 1;
    }
  }
  return [...parts, { text: dn.slice(start), end: '' }];
}

function parseAssertion(text: string): Assertion | undefined {
  const separator = text.indexOf('=');
  const type = text.slice(0, Math.max(separator, 0)).trim();
  const value = unescapeValue(trimSpaces(text.slice(separator + 1)));
  return TYPE.test(type) && value !== undefined && value !== ''
    ? [foldCase(type), foldCase(value)]
    : undefined;
}

/** Remove spaces around a value, but not an escaped space at its end. */
function trimSpaces(value: string): string {
  const trimmed = value.replace(/^ +/, '').replace(/ +$/, '');
  const backslashes = trimmed.length - trimmed.replace(/\\+$/, '').length;
  return backslashes % 2 === 1 && value.length > trimmed.length ? `${trimmed} ` : trimmed;
}

/** Decode the escapes of a value. Escaped octets are UTF-8. */
function unescapeValue(value: string): string | undefined {
  if (value.startsWith('#')) return HEX_VALUE.test(value) ? `${ENCODED}${value}` : undefined;
  const bytes: Buffer[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charAt(index);
    if (character !== '\\') {
      if ('"+,;<>\0'.includes(character)) return undefined;
      const codePoint = value.codePointAt(index) ?? 0;
      const symbol = String.fromCodePoint(codePoint);
      bytes.push(Buffer.from(symbol));
      index += symbol.length - 1;
      continue;
    }
    const pair = value.slice(index + 1, index + 3);
    const next = value.charAt(index + 1);
    if (HEX_PAIR.test(pair)) {
      bytes.push(Buffer.from(pair, 'hex'));
      index += 2;
    } else if (next !== '' && ESCAPABLE.includes(next)) {
      bytes.push(Buffer.from(next));
      index += 1;
    } else return undefined;
  }
  const octets = Buffer.concat(bytes);
  return isUtf8(octets) ? octets.toString('utf8') : undefined;
}

function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function compareAssertions([oneType, oneValue]: Assertion, [otherType, otherValue]: Assertion): number {
  if (oneType !== otherType) return oneType < otherType ? -1 : 1;
  if (oneValue === otherValue) return 0;
  return oneValue < otherValue ? -1 : 1;
}
