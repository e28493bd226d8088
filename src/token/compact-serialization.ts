import { InvalidTokenError } from '../base/errors.js';

/** Five encoded segments of a JWE in compact serialization. All characters are ASCII. */
export interface Segments {
  readonly header: string;
  readonly encryptedKey: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/**
 * Split a JWE in compact serialization. Searches for the dots, because `split` is slower.
 *
 * @param maxTokenLength maximum token length in characters.
 * @throws InvalidTokenError if the token is too long, is not ASCII or does not have five segments.
 * @see RFC 7516 §7.1
 */
export function splitToken(token: string, maxTokenLength: number): Segments {
  if (token.length > maxTokenLength) throw new InvalidTokenError('too_long');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const third = token.indexOf('.', second + 1);
  const fourth = token.indexOf('.', third + 1);
  // A failed search returns -1. The next search then starts at the beginning, so the order is wrong.
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

/** Valid last characters of a segment, by its length modulo 4. Their unused bits are zero. */
const LAST_CHARACTERS: readonly (string | undefined)[] = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'];

/**
 * Decode canonical base64url without padding. `Buffer` also accepts padding, white space, the `+/` alphabet and unused
 * bits that are not zero, so one token could have many encodings.
 *
 * @throws InvalidTokenError if the segment is not canonical.
 * @see RFC 7515 §2, RFC 4648 §3.5
 */
export function decodeBase64url(segment: string): Buffer {
  assertAscii(segment);
  return decodeAsciiBase64url(segment);
}

/** Assert that a string is ASCII, because `Buffer` truncates other characters. @throws InvalidTokenError */
export function assertAscii(text: string): void {
  if (Buffer.byteLength(text) !== text.length) throw new InvalidTokenError('not_base64url');
}

/** Decode a segment from `splitToken`, which is ASCII. @throws InvalidTokenError if the segment is not canonical. */
export function decodeAsciiBase64url(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (!isCanonical(segment, bytes.length)) throw new InvalidTokenError('not_base64url');
  return bytes;
}

/**
 * Decodes segments into a reused buffer. Each result is valid only until the next call. Segments that do not fit are
 * decoded into a new buffer.
 */
export class SegmentDecoder {
  readonly #buffer: Buffer;

  /** @param bytes size of the reused buffer. */
  constructor(bytes: number) {
    this.#buffer = Buffer.alloc(bytes);
  }

  /** Decode a segment from `splitToken`. @throws InvalidTokenError if the segment is not canonical. */
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

/** Whether a segment is canonical. `Buffer` skips invalid characters, so an invalid segment decodes to fewer bytes. */
function isCanonical(segment: string, byteCount: number): boolean {
  if (byteCount !== decodedLength(segment)) return false;
  if (segment.includes('+') || segment.includes('/')) return false;
  const last = LAST_CHARACTERS[segment.length % 4];
  return last === undefined || last.includes(segment.slice(-1));
}
