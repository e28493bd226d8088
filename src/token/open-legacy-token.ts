import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { IV_BYTES, TAG_BYTES } from './aes-gcm.js';
import { completeLegacyClaims } from './claims/complete-legacy-claims.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import type { AuthenticToken } from './claims/validate-claims-set.js';
import { decodeAsciiBase64url, splitToken } from './compact-serialization.js';
import { decryptContent } from './decrypt-token.js';
import { findShortHeader, isLegacyHeader, keepLegacyHeader } from './legacy-header.js';
import type { LegacyPolicy } from './legacy-policy.js';

/** python-jose 3.3 writes 128 bits, which RFC 7518 §5.3 forbids. */
const LEGACY_IV_BYTES = 16;

export interface LegacyDecryption {
  readonly legacy: LegacyPolicy;
  /** In characters. */
  readonly maxTokenLength: number;
}

/**
 * Tells whether the protected header of a token has exactly the members `alg: "dir"` and `enc: "A256GCM"`. Their order,
 * white space and escapes do not matter: python-jose, cjose, jwcrypto and Perl's Crypt::JWT differ in their spelling.
 */
export function isLegacyToken(token: string): boolean {
  const encodedHeader = findShortHeader(token);
  return encodedHeader !== undefined && isLegacyHeader(encodedHeader);
}

/**
 * Decrypts a token of another stack under its one key, and adds the claims that it lacks. The claims are not validated
 * yet.
 *
 * @param token one for which `isLegacyToken` holds.
 * @throws InvalidTokenError if the token does not decrypt, and from `until` on.
 * @see RFC 7516 §5.2
 */
export function openLegacyToken(
  token: string,
  { legacy, maxTokenLength }: LegacyDecryption,
  now: NumericDate,
): AuthenticToken {
  const segments = splitToken(token, maxTokenLength);
  const encryptedKey = decodeAsciiBase64url(segments.encryptedKey);
  const iv = decodeAsciiBase64url(segments.iv);
  const ciphertext = decodeAsciiBase64url(segments.ciphertext);
  const tag = decodeAsciiBase64url(segments.tag);
  // Negated, so that a clock that returns NaN rejects every token.
  if (!(now < legacy.until)) throw new InvalidTokenError('expired_key');
  assertLegacyLengths(encryptedKey, iv, tag);
  // The tag covers the encoded header (RFC 7516 §5.2 step 14), so its spelling cannot change without the key.
  const additionalData = Buffer.from(segments.header, 'latin1');
  const plaintext = decryptContent({ iv, ciphertext, tag }, additionalData, legacy.key);
  keepLegacyHeader(segments.header);
  const claims = completeLegacyClaims(parseClaims(decodeClaims(plaintext)), legacy, token);
  // A delegation of another stack names no ancestors whose revocation could be checked.
  if (claims['type'] === 'delegation') throw new InvalidTokenError('unknown_type');
  return Object.freeze({ header: legacy.header, claims, key: legacy.key });
}

/** An empty encrypted key (RFC 7518 §4.5), an IV of 96 or 128 bits, and a whole tag. */
function assertLegacyLengths(encryptedKey: Uint8Array, iv: Uint8Array, tag: Uint8Array): void {
  if (encryptedKey.length !== 0) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== LEGACY_IV_BYTES && iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
}
