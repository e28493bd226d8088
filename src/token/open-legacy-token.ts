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

/** IV length in bytes of python-jose 3.3: 128 bits, although RFC 7518 §5.3 requires 96. */
const LEGACY_IV_BYTES = 16;

/** Policy and limit for decrypting legacy tokens. */
export interface LegacyDecryption {
  readonly legacy: LegacyPolicy;
  /** Maximum token length in characters. */
  readonly maxTokenLength: number;
}

/**
 * Whether the protected header of a token has exactly the members `alg: "dir"` and `enc: "A256GCM"`. Order, white space
 * and escapes do not matter, because python-jose, cjose, jwcrypto and Perl's Crypt::JWT write the header differently.
 */
export function isLegacyToken(token: string): boolean {
  const encodedHeader = findShortHeader(token);
  return encodedHeader !== undefined && isLegacyHeader(encodedHeader);
}

/**
 * Decrypt a token from another stack under the legacy key, and add missing claims. Does not validate the claims.
 *
 * @param token token for which `isLegacyToken()` returns true.
 * @throws InvalidTokenError if decryption fails, or the time `legacy.until` has been reached.
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
  // Negated, so that every token is rejected if the clock returns NaN.
  if (!(now < legacy.until)) throw new InvalidTokenError('expired_key');
  assertLegacyLengths(encryptedKey, iv, tag);
  // The tag covers the encoded header (RFC 7516 §5.2 step 14), so only a holder of the key can change the header.
  const additionalData = Buffer.from(segments.header, 'latin1');
  const plaintext = decryptContent({ iv, ciphertext, tag }, additionalData, legacy.key);
  keepLegacyHeader(segments.header);
  const claims = completeLegacyClaims(parseClaims(decodeClaims(plaintext)), legacy, token);
  // A delegated token from another stack lists no ancestors, so their revocation cannot be checked.
  if (claims['type'] === 'delegation') throw new InvalidTokenError('unknown_type');
  return Object.freeze({ header: legacy.header, claims, key: legacy.key });
}

/** Assert an empty encrypted key (RFC 7518 §4.5), an IV of 96 or 128 bits, and a tag of 128 bits. */
function assertLegacyLengths(encryptedKey: Uint8Array, iv: Uint8Array, tag: Uint8Array): void {
  if (encryptedKey.length !== 0) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== LEGACY_IV_BYTES && iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
}
