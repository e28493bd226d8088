import type { ApiKey } from '../api-keys/api-key.js';
import { isExpired } from '../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../api-keys/claims-by-key-type.js';
import { copyCustomClaims } from '../claims/build-claims-set.js';
import type { JsonObject } from '../claims/json.js';
import { formatScope } from '../claims/scope.js';
import { InvalidClientError, JweError } from '../errors.js';
import type { GrantContext, RequestOrigin, TokenResponse } from './grant.js';

/** What a token request asks for, as the `claims` hook sees it. */
export interface ClaimsContext extends RequestOrigin {
  /** Scope that the token will have. */
  readonly scope: readonly string[];
  readonly audience: string;
  /** User that the API key asserts. */
  readonly user?: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
}

/**
 * Adds claims of the application's own to a token. The API key comes without its secret.
 * @returns a JSON object whose names are none that this package reads or writes.
 */
export type ClaimsHook = (apiKey: ApiKey, context: ClaimsContext) => JsonObject | Promise<JsonObject>;

export const noClaims: ClaimsHook = () => ({});

/** What an access token of an API key is to be for. */
export type AccessTokenRequest = Omit<ClaimsContext, keyof RequestOrigin>;

/**
 * Issues an access token of the key's own type.
 * @throws InvalidClientError where the key expired meanwhile.
 */
export async function issueAccessToken(
  { tokens, apiKey, origin, clock }: GrantContext,
  request: AccessTokenRequest,
  claimsHook: ClaimsHook,
): Promise<TokenResponse> {
  const now = clock();
  const { scope, audience, user, sessionId } = request;
  const custom = await askHook(claimsHook, apiKey, { ...request, ...origin });
  if (isExpired(apiKey, clock())) throw new InvalidClientError('expired');
  const issued = await tokens.issue({
    type: apiKey.type,
    audience,
    subject: user ?? apiKey.keyId,
    subjectAsserted: user !== undefined,
    clientId: apiKey.keyId,
    scope,
    issuedAt: now,
    lifetimeSeconds: chooseLifetime(apiKey, scope, now),
    claims: {
      ...copyCustomClaims(custom),
      ...claimsByKeyType(apiKey),
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
    },
    ...(origin.ip === undefined ? {} : { ip: origin.ip }),
  });
  return {
    access_token: issued.token,
    token_type: 'Bearer',
    expires_in: issued.expiresInSeconds,
    ...(scope.length === 0 ? {} : { scope: formatScope(scope) }),
  };
}

/** What the hook says of the request stands; whatever else it throws, a `status` included, is its own fault. */
async function askHook(hook: ClaimsHook, apiKey: ApiKey, context: ClaimsContext): Promise<JsonObject> {
  try {
    return await hook(apiKey, context);
  } catch (cause) {
    throw cause instanceof JweError ? cause : new Error('The claims hook failed', { cause });
  }
}

/** The shortest of the key's own and those of the scope; and no token outlives its key. */
function chooseLifetime(apiKey: ApiKey, scope: readonly string[], now: number): number {
  const byScope = scope.map((token) => apiKey.scopeTtlSeconds.get(token) ?? apiKey.tokenTtlSeconds);
  const untilKeyExpires = (apiKey.expiresAt ?? Number.POSITIVE_INFINITY) - now;
  return Math.min(apiKey.tokenTtlSeconds, untilKeyExpires, ...byScope);
}
