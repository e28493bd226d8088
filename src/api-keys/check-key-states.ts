import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { ApiKey } from './api-key.js';
import type { ApiKeyRegistry } from './api-key-registry.js';

/** Registry that returns the current state of an API key by its `key_id`. */
export type ApiKeyStates = Pick<ApiKeyRegistry, 'get'>;

/** Whether an API key is active and has not expired, so that its tokens are accepted. */
export function isInForce({ active, expiresAt }: ApiKey, now: NumericDate): boolean {
  return active && (expiresAt === undefined || expiresAt > now);
}

/**
 * Assert that the API key of a token, and the API keys in its delegation lineage, are active. Tokens without a
 * `client_id` are not checked. Neither are tokens of users and of trusted issuers, because their clients are not API
 * keys.
 *
 * @throws InvalidTokenError with the reason `key_inactive` if an API key is not configured, inactive or expired.
 */
export function assertKeysInForce(token: VerifiedToken, apiKeys: ApiKeyStates, now: NumericDate): void {
  const { type, claims } = token;
  if (type === 'external' || type === 'user') return;
  const ancestors = type === 'delegation' ? claims.lineage : [];
  for (const { client_id: clientId } of [claims, ...ancestors]) {
    if (clientId === undefined) continue;
    // The lookup may be written by the application and return null.
    const apiKey = apiKeys.get(clientId) ?? undefined;
    if (apiKey === undefined || !isInForce(apiKey, now)) {
      throw new InvalidTokenError('key_inactive', undefined, { token: identifyToken(token) });
    }
  }
}
