import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { ApiKey } from './api-key.js';
import type { ApiKeyRegistry } from './api-key-registry.js';

/** Lookup of API keys by `key_id`, for their state. */
export type ApiKeyStates = Pick<ApiKeyRegistry, 'get'>;

/** Whether tokens of an API key are accepted. They are until the moment at which the key expires. */
export function isInForce({ active, expiresAt }: ApiKey, now: NumericDate): boolean {
  return active && (expiresAt === undefined || expiresAt > now);
}

/**
 * Asserts that the API key that a token was issued to, and those of its ancestors, are active. Tokens without
 * `client_id`, tokens of users and tokens of trusted issuers, whose clients are not API keys, are not checked.
 *
 * @throws InvalidTokenError if one of the API keys is not configured, inactive or expired.
 */
export function assertKeysInForce(token: VerifiedToken, apiKeys: ApiKeyStates, now: NumericDate): void {
  const { type, claims } = token;
  if (type === 'external' || type === 'user') return;
  const ancestors = type === 'delegation' ? claims.lineage : [];
  for (const { client_id: clientId } of [claims, ...ancestors]) {
    if (clientId === undefined) continue;
    // A lookup of the application may return null.
    const apiKey = apiKeys.get(clientId) ?? undefined;
    if (apiKey === undefined || !isInForce(apiKey, now)) {
      throw new InvalidTokenError('key_inactive', undefined, { token: identifyToken(token) });
    }
  }
}
