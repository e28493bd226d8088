import { createFifoCache } from '../base/fifo-cache.js';
import { decodeBase64url } from './base64url.js';
import { type ProtectedHeader, parseProtectedHeader } from './protected-header.js';

/** A protected header as tokens carry it, and as it reads. */
export interface ReadHeader {
  readonly header: ProtectedHeader;
  /** What AES-GCM authenticates beside the content: the encoded header (RFC 7516 section 5.2 step 14). */
  readonly additionalData: Buffer;
  /** Whether the next token with the same header need not be read for it. */
  readonly isKnown: boolean;
}

/** A key has few headers, as a rule one. Beyond that the oldest makes room. */
const MAX_KNOWN = 256;

const known = createFifoCache<string, ReadHeader>(MAX_KNOWN);

/**
 * Reads a protected header, where it is a known one without parsing it again: equal texts have equal meanings.
 * @throws InvalidTokenError
 */
export function readHeader(encoded: string): ReadHeader {
  const read = known.get(encoded);
  if (read !== undefined) return read;
  const header = parseProtectedHeader(decodeBase64url(encoded));
  return { header, additionalData: Buffer.from(encoded, 'latin1'), isKnown: false };
}

/** Tells whether a header is cached, and so has a `kid`. */
export function isKnownHeader(encoded: string): boolean {
  return known.has(encoded);
}

/** Makes a header known. To be called for tokens whose tag verified, so that nobody else fills the room. */
export function keepHeader({ header, additionalData, isKnown }: ReadHeader): void {
  if (isKnown) return;
  // A copy: V8 lets a piece of a token hold on to the whole token.
  const encoded = additionalData.toString('latin1');
  known.set(encoded, Object.freeze({ header, additionalData, isKnown: true }));
}
