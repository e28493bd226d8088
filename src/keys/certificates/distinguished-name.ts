import { decodeDerString, decodeUtf8 } from './decode-der-string.js';
import {
  contentOf,
  DER,
  type DerElement,
  DerError,
  readChildren,
  readElements,
  readObjectIdentifier,
} from './read-der.js';

/**
 * Distinguished name in a form that can be compared: one string for equal names, and different strings for different
 * names. It is not for display.
 */
export type ComparableName = string;

/** One attribute of a relative distinguished name, as `<object identifier>=<value>`. */
type Attribute = string;

/** Object identifiers of attribute types, by their short names in lower case (RFC 4514 §3, RFC 4519). */
const TYPES: Readonly<Record<string, string>> = {
  cn: '2.5.4.3',
  sn: '2.5.4.4',
  serialnumber: '2.5.4.5',
  c: '2.5.4.6',
  l: '2.5.4.7',
  st: '2.5.4.8',
  street: '2.5.4.9',
  o: '2.5.4.10',
  ou: '2.5.4.11',
  title: '2.5.4.12',
  postalcode: '2.5.4.17',
  givenname: '2.5.4.42',
  organizationidentifier: '2.5.4.97',
  uid: '0.9.2342.19200300.100.1.1',
  dc: '0.9.2342.19200300.100.1.25',
  emailaddress: '1.2.840.113549.1.9.1',
};

/** Attribute type and the equals sign (RFC 4512 §1.4). */
const TYPE = /([A-Za-z][A-Za-z0-9-]*|(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+)=/y;

/** Attribute value in hexadecimal DER, or as a string in which special characters are escaped (RFC 4514 §3). */
const VALUE = /#((?:[0-9A-Fa-f]{2})+)|((?:[^\\,+"<>;\0]|\\[ "#+,;<=>\\]|\\[0-9A-Fa-f]{2})*)/y;

/** An escaped octet, an escaped character, or other characters. */
const PIECES = /\\([0-9A-Fa-f]{2})|\\(.)|([^\\]+)/gsu;

/** Space or number sign at the start, or space at the end of a value. They must be escaped. */
const EDGE = /^[ #]| $/;

/**
 * Parse the string form of a distinguished name, for example `CN=billing,O=Acme,C=DE`. The most specific attribute
 * comes first, and no spaces surround the separators.
 *
 * @returns `undefined` if the string is malformed, empty or has an unknown attribute type
 * @see RFC 4514 §3
 */
export function parseDistinguishedName(text: string): ComparableName | undefined {
  const names: Attribute[][] = [];
  let separator = ',';
  for (let start = 0; start <= text.length; ) {
    const found = parseAttribute(text, start);
    if (found === undefined) return undefined;
    if (separator === '+') names[0]?.push(found.attribute);
    else names.unshift([found.attribute]);
    separator = text.charAt(found.end);
    start = found.end + 1;
  }
  return compose(names);
}

/** Parse the attribute at a position. The end is that of the text, or the position of a comma or plus sign. */
function parseAttribute(text: string, start: number): { attribute: Attribute; end: number } | undefined {
  TYPE.lastIndex = start;
  const name = TYPE.exec(text)?.[1];
  VALUE.lastIndex = TYPE.lastIndex;
  const [, hex, escaped = ''] = (name === undefined ? undefined : VALUE.exec(text)) ?? [];
  const end = VALUE.lastIndex;
  const type = name === undefined || /^\d/.test(name) ? name : findType(name);
  const isEnd = end === text.length || text[end] === ',' || text[end] === '+';
  if (type === undefined || !isEnd) return undefined;
  const value = hex === undefined ? decodeValue(escaped) : readHex(hex);
  return value === undefined ? undefined : { attribute: `${type}${value}`, end };
}

function findType(name: string): string | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(TYPES, lower) ? TYPES[lower] : undefined;
}

function decodeValue(escaped: string): string | undefined {
  if (escaped === '' || EDGE.test(escaped.replaceAll(/\\./gs, '..'))) return undefined;
  const octets = [...escaped.matchAll(PIECES)].map(([, hex, character, others = '']) =>
    hex === undefined ? Buffer.from(character ?? others) : Buffer.from(hex, 'hex'),
  );
  const text = decodeUtf8(Buffer.concat(octets));
  return text === undefined ? undefined : `=${text}`;
}

function readHex(hex: string): string | undefined {
  try {
    const [value, ...others] = readElements(Buffer.from(hex, 'hex'));
    return value === undefined || others.length > 0 ? undefined : describeValue(value);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/**
 * Read a distinguished name in DER (RFC 5280 §4.1.2.4). Values are compared as characters, for every string type.
 *
 * @throws DerError if the bytes are not a distinguished name
 */
export function readDistinguishedName(encoded: Buffer): ComparableName {
  return compose(
    readChildren(encoded, DER.SEQUENCE).map((name) =>
      readElements(contentOf(name, DER.SET)).map((attribute) => readAttribute(attribute)),
    ),
  );
}

function readAttribute(attribute: DerElement): Attribute {
  const [type, value, ...others] = readElements(contentOf(attribute, DER.SEQUENCE));
  if (value === undefined || others.length > 0) throw new DerError('malformed attribute');
  return `${readObjectIdentifier(contentOf(type, DER.OBJECT_IDENTIFIER))}${describeValue(value)}`;
}

/** Describe a value by its characters, or by its DER if it is not a string. */
function describeValue(value: DerElement): string {
  const text = decodeDerString(value);
  return text === undefined ? `#${value.encoded.toString('hex')}` : `=${text}`;
}

/** The order of the attributes within a relative distinguished name has no meaning (RFC 4514 §2.2). */
function compose(names: readonly (readonly Attribute[])[]): ComparableName {
  return JSON.stringify(names.map((attributes) => [...attributes].sort()));
}
