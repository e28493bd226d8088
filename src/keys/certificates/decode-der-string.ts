import type { DerElement } from './read-der.js';

type Decoder = (content: Buffer) => string | undefined;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decoders of the string types in certificates (RFC 5280 §4.1.2.4), by tag. T.61 has no reliable decoding. */
const DECODERS: ReadonlyMap<number, Decoder> = new Map([
  [0x0c, decodeUtf8],
  [0x12, decodeAscii],
  [0x13, decodeAscii],
  [0x16, decodeAscii],
  [0x1a, decodeAscii],
  [0x1e, decodeUtf16],
]);

/** Decode a value of a string type. @returns `undefined` for other types and for malformed characters */
export function decodeDerString({ tag, content }: DerElement): string | undefined {
  return DECODERS.get(tag)?.(content);
}

/** Decode ASCII characters. @returns `undefined` if an octet is not ASCII */
export function decodeAscii(content: Buffer): string | undefined {
  return content.some((octet) => octet >= 0x80) ? undefined : content.toString('latin1');
}

/** Decode UTF-8. @returns `undefined` if the octets are malformed */
export function decodeUtf8(content: Buffer): string | undefined {
  try {
    return UTF8.decode(content);
  } catch {
    return undefined;
  }
}

/** Decode BMPString: UTF-16 in network byte order, without surrogates (X.690 §8.23.8). */
function decodeUtf16(content: Buffer): string | undefined {
  if (content.length % 2 > 0) return undefined;
  const text = Buffer.from(content).swap16().toString('utf16le');
  return /[\ud800-\udfff]/.test(text) ? undefined : text;
}
