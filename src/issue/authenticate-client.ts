import type { Request } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { type ApiKeyRegistry, isExpired } from '../api-keys/api-key-registry.js';
import type { Clock } from '../base/clock.js';
import { readParameter, type TokenRequest } from '../http/read-token-request.js';
import { createRequestSlot } from '../http/request-slot.js';
import { readClientCredentials } from './read-client-credentials.js';
import type { FailureThrottle } from './throttle-failures.js';

/** Who sent a request. */
export interface Client {
  readonly apiKey: ApiKey;
  /** It has shown no secret, and merely names itself. */
  readonly isPublic: boolean;
}

const clientSlot = createRequestSlot<Client>();

/** How clients are authenticated. */
export interface ClientAuthenticator {
  readonly apiKeys: ApiKeyRegistry;
  readonly throttle: Pick<FailureThrottle, 'judge'>;
  readonly clock: Clock;
}

/**
 * The API key by which a client of the authorization server authenticates (RFC 6749 section 2.3).
 * @throws InvalidClientError, InvalidRequestError or RateLimitExceededError (as rejection)
 */
export async function authenticateClient(
  req: Request,
  request: TokenRequest,
  { apiKeys, throttle, clock }: ClientAuthenticator,
): Promise<ApiKey> {
  const credentials = readClientCredentials({
    authorization: req.headersDistinct['authorization'],
    apiKeyHeader: req.headersDistinct['x-api-key'],
    clientId: readParameter(request, 'client_id'),
    clientSecret: readParameter(request, 'client_secret'),
  });
  const apiKey = await throttle.judge(req, () => apiKeys.authenticate(credentials, clock()));
  clientSlot.fill(req, { apiKey, isPublic: false });
  return apiKey;
}

/**
 * The API key of a device that holds none: it names itself and presents its refresh token, which is for that device
 * alone (RFC 6749 sections 2.1 and 6). `undefined` where the request is another, or the key is not for that.
 * @throws RateLimitExceededError (as rejection)
 */
export async function findPublicClient(
  req: Request,
  request: TokenRequest,
  { apiKeys, throttle, clock }: ClientAuthenticator,
): Promise<ApiKey | undefined> {
  const isCredential = ['authorization', 'x-api-key'].some((name) => req.headersDistinct[name] !== undefined);
  if (isCredential || readParameter(request, 'client_secret') !== undefined) return undefined;
  if (readParameter(request, 'grant_type') !== 'refresh_token') return undefined;
  const apiKey = apiKeys.get(readParameter(request, 'client_id') ?? '');
  if (apiKey?.refreshTokens !== 'public' || !apiKey.active || isExpired(apiKey, clock())) return undefined;
  await throttle.judge(req, () => apiKey);
  clientSlot.fill(req, { apiKey, isPublic: true });
  return apiKey;
}

/** The client that the request authenticated, or a public one, whatever became of the request afterwards. */
export function findClient(req: Request): Client | undefined {
  return clientSlot.read(req);
}
