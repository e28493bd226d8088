import type { NumericDate } from '../base/clock.js';
import {
  type DecryptedToken,
  type DecryptionPolicy,
  decryptContent,
  openDirectly,
  parseClaims,
  parseToken,
} from './decrypt-token.js';
import { openManaged } from './managed-content.js';
import { readNestedToken } from './verify-nested-token.js';

/**
 * Decrypts a token under a key of any algorithm without verifying a nested signature. For operators who inspect or
 * revoke a token, never to accept one. `signedHeader` is present if the token nests a JWS.
 * @throws InvalidTokenError (as rejection) if the token does not decrypt or holds no claims.
 */
export async function openUnverified(
  token: string,
  policy: DecryptionPolicy,
  now: NumericDate,
): Promise<DecryptedToken> {
  const parsed = parseToken(token, policy, now);
  const { read, key } = parsed;
  const { header, additionalData } = read;
  const isNested = header['cty'] !== undefined;
  if (key.alg === 'dir' && !isNested) return openDirectly(parsed, key);
  const plaintext =
    key.alg === 'dir' ? decryptContent(parsed, additionalData, key) : await openManaged(token, header, key);
  if (!isNested) return Object.freeze({ header, claims: parseClaims(plaintext), key });
  return Object.freeze({ header, key, ...readNestedToken(plaintext) });
}
