import type { NumericDate } from '../clock.js';
import { InvalidTokenError } from '../errors.js';
import { type DecryptedToken, type DecryptionPolicy, decryptToken } from './decrypt-token.js';

/**
 * Opens a token; where its key is not known here, once more with what the source of the keys has by now.
 * @throws InvalidTokenError
 * @throws TemporarilyUnavailableError (as rejection) where the key is unknown while that source is out of reach.
 */
export async function openToken(
  token: string,
  policy: DecryptionPolicy,
  now: NumericDate,
): Promise<DecryptedToken> {
  try {
    return decryptToken(token, policy, now);
  } catch (error) {
    const isUnknown = error instanceof InvalidTokenError && error.reason === 'unknown_key';
    if (!isUnknown || !(await policy.keyRing.reloadForUnknownKey())) throw error;
    return decryptToken(token, policy, now);
  }
}
