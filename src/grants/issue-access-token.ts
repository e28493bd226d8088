import type { ApiKey } from '../api-keys/api-key.js';
import { isExpired } from '../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../api-keys/claims-by-key-type.js';
import { copyCustomClaims } from '../claims/build-claims-set.js';
import type { TokenType } from '../claims/claims-set.js';
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

/** Longest lifetime of a service token in seconds. */
const SERVICE_TTL_SECONDS = 300;

/** What tells one kind of access token from another. */
interface TokenKind {
  readonly type: Exclude<TokenType, 'foreign'>;
  readonly claims: JsonObject;
  readonly maxLifetimeSeconds: number;
}

/**
 * Issues an access token of the key's own type.
 * @throws InvalidClientError where the key expired meanwhile.
 */
export function issueAccessToken(
  context: GrantContext,
  request: AccessTokenRequest,
  claimsHook: ClaimsHook,
): Promise<TokenResponse> {
  const { apiKey } = context;
  const kind = {
    type: apiKey.type,
    claims: claimsByKeyType(apiKey),
    maxLifetimeSeconds: apiKey.tokenTtlSeconds,
  };
  return issue(context, { request, kind, claimsHook });
}

/**
 * Issues a short-lived token by which a service calls another: `sub` is the caller, and nothing is in it of what the
 * key may do for users.
 * @throws InvalidClientError where the key expired meanwhile.
 */
export function issueServiceToken(
  context: GrantContext,
  request: Pick<AccessTokenRequest, 'scope' | 'audience'>,
  claimsHook: ClaimsHook,
): Promise<TokenResponse> {
  const kind = {
    type: 'service',
    claims: { api_key_name: context.apiKey.name },
    maxLifetimeSeconds: SERVICE_TTL_SECONDS,
  } as const;
  return issue(context, { request, kind, claimsHook });
}

interface Issuance {
  readonly request: AccessTokenRequest;
  readonly kind: TokenKind;
  readonly claimsHook: ClaimsHook;
}

async function issue(
  { tokens, apiKey, origin, clock, issuedAt = clock() }: GrantContext,
  { request, kind, claimsHook }: Issuance,
): Promise<TokenResponse> {
  const { scope, audience, user, sessionId } = request;
  const custom = await askHook(claimsHook, apiKey, { ...request, ...origin });
  if (isExpired(apiKey, clock())) throw new InvalidClientError('expired');
  const issued = await tokens.issue({
    type: kind.type,
    audience,
    subject: user ?? apiKey.keyId,
    subjectAsserted: user !== undefined,
    clientId: apiKey.keyId,
    scope,
    issuedAt,
    lifetimeSeconds: Math.min(kind.maxLifetimeSeconds, chooseLifetime(apiKey, scope, issuedAt)),
    claims: {
      ...copyCustomClaims(custom),
      ...kind.claims,
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
