/** Element of a DER encoding (X.690 §8.1). */
export interface DerElement {
  /** Identifier octet: class, primitive or constructed, and tag number. */
  readonly tag: number;
  readonly content: Buffer;
  /** The whole element, with its header. */
  readonly encoded: Buffer;
}

/** Error for bytes that are not DER, or have a different structure than expected. */
export class DerError extends Error {}

/** Universal tags that certificates use (X.680 §8.6), with the bit of constructed encodings. */
export const DER = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** First octet of a length that the next octets contain (X.690 §8.1.3.5), without their number. */
const LONG_LENGTH = 0x80;

/** Maximum number of octets of a length. A certificate has less than 16 MB. */
const MAX_LENGTH_OCTETS = 3;

/** Tag number of identifiers with several octets (X.690 §8.1.2.4), which certificates do not use. */
const HIGH_TAG_NUMBER = 0x1f;

/**
 * Split bytes into DER elements. Every byte must belong to an element, and every length must be definite and minimal
 * (X.690 §10.1).
 *
 * @throws DerError if the bytes are not DER
 */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let start = 0; start < bytes.length; ) {
    const element = readElement(bytes.subarray(start));
    elements.push(element);
    start += element.encoded.length;
  }
  return elements;
}

/**
 * Read the only element of an encoding, and the elements in it.
 *
 * @throws DerError if the bytes are not one element with this tag
 */
export function readChildren(bytes: Buffer, tag: number): readonly DerElement[] {
  const [element, ...others] = readElements(bytes);
  if (others.length > 0) throw new DerError('unexpected bytes after the element');
  return readElements(contentOf(element, tag));
}

/** Return the content of an element. @throws DerError if the element is missing or has a different tag */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new DerError('unexpected element');
  return element.content;
}

function readElement(bytes: Buffer): DerElement {
  const [tag, first] = [bytes[0], bytes[1]];
  if (tag === undefined || first === undefined) throw new DerError('truncated header');
  if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) throw new DerError('unexpected tag');
  const octets = Math.max(0, first - LONG_LENGTH);
  const start = 2 + octets;
  const length = first < LONG_LENGTH ? first : readLength(bytes.subarray(2, start), octets);
  if (length > bytes.length - start) throw new DerError('truncated content');
  const end = start + length;
  return { tag, content: bytes.subarray(start, end), encoded: bytes.subarray(0, end) };
}

function readLength(bytes: Buffer, octets: number): number {
  const isKnown = octets > 0 && octets <= MAX_LENGTH_OCTETS && bytes.length === octets;
  if (!isKnown) throw new DerError('malformed length');
  const length = bytes.readUIntBE(0, octets);
  const isMinimal = length >= LONG_LENGTH && length >= 256 ** (octets - 1);
  if (!isMinimal) throw new DerError('malformed length');
  return length;
}

/** Decode an object identifier to dotted decimals (X.690 §8.19). @throws DerError if it is malformed or too large */
export function readObjectIdentifier(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [index, octet] of content.entries()) {
    if (arc === 0 && octet === 0x80) throw new DerError('malformed object identifier');
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError('object identifier too large');
    if (octet >= 0x80 && index === content.length - 1) throw new DerError('truncated object identifier');
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...others] = arcs;
  if (first === undefined) throw new DerError('empty object identifier');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...others].join('.');
}
