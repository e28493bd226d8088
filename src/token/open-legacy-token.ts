import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { IV_BYTES, TAG_BYTES } from './aes-gcm.js';
import { completeLegacyClaims } from './claims/complete-legacy-claims.js';
import type { AuthenticToken } from './claims/validate-claims-set.js';
import { decodeSegments, decryptContent, parseClaims, splitToken } from './decrypt-token.js';
import { findShortHeader, isLegacyHeader, keepLegacyHeader } from './legacy-header.js';
import type { LegacyPolicy } from './legacy-policy.js';

/** python-jose 3.3 writes 128 bits, which RFC 7518 section 5.3 forbids. */
const LEGACY_IV_BYTES = 16;

export interface LegacyDecryption {
  readonly legacy: LegacyPolicy;
  /** Longest token that is looked at, in characters. */
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
 * Opens a token of another stack (RFC 7516 section 5.2) with its one key, and supplies what it lacks. Nothing of that
 * is valid yet: the claims go the way of all tokens, under the policy for legacy ones.
 * @param token one for which `isLegacyToken` holds.
 * @throws InvalidTokenError for everything that is wrong with it, and from the end of the option on.
 */
export function openLegacyToken(
  token: string,
  { legacy, maxTokenLength }: LegacyDecryption,
  now: NumericDate,
): AuthenticToken {
  const segments = splitToken(token, maxTokenLength);
  const { encryptedKey, iv, ciphertext, tag } = decodeSegments(segments);
  // Written so that a clock that yields no number lets nothing pass.
  if (!(now < legacy.until)) throw new InvalidTokenError('expired_key');
  assertLegacyLengths(encryptedKey, iv, tag);
  // RFC 7516 section 5.2 step 14: the tag covers the encoded header, so its spelling cannot change without the key.
  const [encodedHeader] = segments;
  const additionalData = Buffer.from(encodedHeader, 'latin1');
  const plaintext = decryptContent({ iv, ciphertext, tag }, additionalData, legacy.key);
  keepLegacyHeader(encodedHeader);
  const claims = completeLegacyClaims(parseClaims(plaintext), legacy, token);
  // What another stack calls a delegation names no ancestors that could be revoked here.
  if (claims['type'] === 'delegation') throw new InvalidTokenError('unknown_type');
  return Object.freeze({ header: legacy.header, claims, key: legacy.key });
}

/** An empty encrypted key (RFC 7518 section 4.5), the IV as it should be or as it was, a whole tag. */
function assertLegacyLengths(encryptedKey: Uint8Array, iv: Uint8Array, tag: Uint8Array): void {
  if (encryptedKey.length !== 0) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== LEGACY_IV_BYTES && iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
}
