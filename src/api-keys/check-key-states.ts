import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { ApiKey } from './api-key.js';
import type { ApiKeyRegistry } from './api-key-registry.js';

/** Where the state of an API key is looked up. */
export type ApiKeyStates = Pick<ApiKeyRegistry, 'get'>;

/** Whether tokens of an API key are accepted; they are up to the very moment at which it expires. */
export function isInForce({ active, expiresAt }: ApiKey, now: NumericDate): boolean {
  return active && (expiresAt === undefined || expiresAt > now);
}

/**
 * Checks the API key that a token was issued to, and those of its ancestors. A token that names none stands for itself,
 * as does one of a trusted issuer, whose clients are not API keys.
 * @throws InvalidTokenError where one of them is not configured, not active, or has expired.
 */
export function assertKeysInForce(token: VerifiedToken, apiKeys: ApiKeyStates, now: NumericDate): void {
  const { type, claims } = token;
  if (type === 'external') return;
  const ancestors = type === 'delegation' ? claims.lineage : [];
  for (const { client_id: clientId } of [claims, ...ancestors]) {
    if (clientId === undefined) continue;
    // A look-up of the application may answer null, as many of JavaScript do.
    const apiKey = apiKeys.get(clientId) ?? undefined;
    if (apiKey === undefined || !isInForce(apiKey, now)) {
      throw new InvalidTokenError('key_inactive', undefined, identifyToken(token));
    }
  }
}
