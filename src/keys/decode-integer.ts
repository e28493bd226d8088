import { decodeMember } from './decode-member.js';

/**
 * Decode a `Base64urlUInt` member of a JWK: the canonical base64url of an unsigned big-endian integer (RFC 7518 §2).
 *
 * @returns the integer, or `undefined` if the encoding is not canonical or has leading zero bytes (RFC 7518
 *   §6.3.1.1).
 */
export function decodeInteger(value: unknown): bigint | undefined {
  const bytes = decodeMember(value);
  if (bytes === undefined || bytes.length === 0 || bytes[0] === 0) return undefined;
  return toInteger(bytes);
}

/** Convert bytes to an unsigned integer, in big-endian order. */
export function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
