import { decodeMember } from './decode-member.js';

/**
 * Decodes a `Base64urlUInt` member of a JWK: canonical base64url of a big-endian integer in as few bytes as possible
 * (RFC 7518 §2).
 *
 * @returns the integer, or `undefined` for another encoding, a leading zero byte included (RFC 7518 §6.3.1.1).
 */
export function decodeInteger(value: unknown): bigint | undefined {
  const bytes = decodeMember(value);
  if (bytes === undefined || bytes.length === 0 || bytes[0] === 0) return undefined;
  return toInteger(bytes);
}

/** Reads bytes as a big-endian integer. */
export function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
