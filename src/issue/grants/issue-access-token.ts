import type { ApiKey } from '../../api-keys/api-key.js';
import { assertMayIssue } from '../../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../../api-keys/claims-by-key-type.js';
import type { NumericDate } from '../../base/clock.js';
import { PassportJweError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import { copyCustomClaims } from '../../token/claims/build-claims-set.js';
import type { IssuedTokenType } from '../../token/claims/claims-set.js';
import { formatScope } from '../../token/claims/scope.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import { requesterOf } from '../requester-of.js';
import type { DelegatedIdentity, Delegation } from './build-delegation.js';
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
  /** In a token exchange: the token on whose behalf it will be used. */
  readonly subjectToken?: VerifiedToken;
}

/**
 * Adds claims of the application's own to a token. The API key comes without its secret. `may_act` takes effect unless
 * the subject token of a token exchange has one, which then binds the delegated token too.
 * @returns a JSON object whose names are none that this package reads or writes, except `may_act`.
 */
export type ClaimsHook = (apiKey: ApiKey, context: ClaimsContext) => JsonObject | Promise<JsonObject>;

export const noClaims: ClaimsHook = () => ({});

/** What an access token of an API key is to be for. */
export type AccessTokenRequest = Omit<ClaimsContext, keyof RequestOrigin>;

/** Longest lifetime of a service token in seconds. */
const SERVICE_TTL_SECONDS = 300;

/** What tells one kind of access token from another. */
interface TokenKind {
  readonly type: IssuedTokenType;
  readonly claims: JsonObject;
  readonly maxLifetimeSeconds: number;
  /** It lives no longer than until then. Default: no such end. */
  readonly latestExpiry?: NumericDate;
  /** Default: the user, or the key itself. */
  readonly identity?: DelegatedIdentity;
}

/**
 * Issues an access token of the key's own type.
 * @throws InvalidClientError where the key became inactive meanwhile.
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
 * @throws InvalidClientError where the key became inactive meanwhile.
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

/**
 * Issues a token by which one party acts for another (RFC 8693 section 4.1).
 * @param delegation says whom it is for, and how long it may live.
 * @throws InvalidClientError where the key became inactive meanwhile.
 */
export function issueDelegatedToken(
  context: GrantContext,
  { delegation, ...request }: DelegationRequest,
  claimsHook: ClaimsHook,
): Promise<TokenResponse> {
  const { claims, identity, latestExpiry } = delegation;
  const kind = {
    type: 'delegation',
    claims: {
      api_key_name: context.apiKey.name,
      rate_limits: { ...context.apiKey.rateLimits },
      ...claims,
    },
    maxLifetimeSeconds: context.apiKey.tokenTtlSeconds,
    latestExpiry,
    identity,
  } as const;
  return issue(context, { request, kind, claimsHook });
}

/** What a delegated token is to be for. */
export interface DelegationRequest extends Pick<AccessTokenRequest, 'scope' | 'audience' | 'subjectToken'> {
  readonly delegation: Delegation;
}

interface Issuance {
  readonly request: AccessTokenRequest;
  readonly kind: TokenKind;
  readonly claimsHook: ClaimsHook;
}

async function issue(
  { tokens, apiKey, apiKeys, origin, requestedAt, clock }: GrantContext,
  { request, kind, claimsHook }: Issuance,
): Promise<TokenResponse> {
  const { scope, audience, user, sessionId } = request;
  const { maxLifetimeSeconds, latestExpiry = Number.POSITIVE_INFINITY } = kind;
  const custom = await askHook(claimsHook, apiKey, {
    ...request,
    scope: Object.freeze([...scope]),
    ...origin,
  });
  assertMayIssue(apiKeys.get(apiKey.keyId), clock());
  const issued = await tokens.issue({
    type: kind.type,
    audience,
    ...(kind.identity ?? { subject: user ?? apiKey.keyId, subjectAsserted: user !== undefined }),
    ...requesterOf(apiKey, origin),
    scope,
    // A cut-off that comes while this is under way revokes it.
    issuedAt: requestedAt,
    lifetimeSeconds: Math.min(
      maxLifetimeSeconds,
      latestExpiry - requestedAt,
      chooseLifetime(apiKey, scope, requestedAt),
    ),
    claims: {
      ...copyCustomClaims(custom),
      // Last, so that the hook does not replace `may_act` of the subject token.
      ...kind.claims,
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
    },
    ...(apiKey.viaPreviousKey === undefined ? {} : { previousApiKey: apiKey.viaPreviousKey }),
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
    // A map cannot be frozen, and all requests share that of the API key.
    return await hook({ ...apiKey, scopeTtlSeconds: new Map(apiKey.scopeTtlSeconds) }, context);
  } catch (cause) {
    throw cause instanceof PassportJweError ? cause : new Error('The claims hook failed', { cause });
  }
}

/** The shortest of the key's own and those of the scope; and no token outlives its key. */
function chooseLifetime(apiKey: ApiKey, scope: readonly string[], now: number): number {
  const byScope = scope.map((token) => apiKey.scopeTtlSeconds.get(token) ?? apiKey.tokenTtlSeconds);
  const untilKeyExpires = (apiKey.expiresAt ?? Number.POSITIVE_INFINITY) - now;
  return Math.min(apiKey.tokenTtlSeconds, untilKeyExpires, ...byScope);
}
