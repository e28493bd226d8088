import type { ApiKey } from '../../api-keys/api-key.js';
import { assertMayIssue } from '../../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../../api-keys/claims-by-key-type.js';
import type { NumericDate } from '../../base/clock.js';
import type { JsonObject } from '../../base/json.js';
import { copyCustomClaims } from '../../token/claims/build-claims-set.js';
import { formatScope } from '../../token/claims/scope.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import { callClaimsHook } from '../call-claims-hook.js';
import type { ClientTokenRequest } from '../issue-request.js';
import { requesterOf } from '../requester-of.js';
import type { DelegatedIdentity, Delegation } from './build-delegation.js';
import type { GrantContext, RequestOrigin, TokenResponse } from './grant.js';

/** The token request, as passed to the `claims` hook. */
export interface ClaimsContext extends RequestOrigin {
  /** Scope that the token will have. */
  readonly scope: readonly string[];
  readonly audience: string;
  /** The user that the API key asserts. */
  readonly user?: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
  /** Only in a token exchange: the token whose subject delegates. */
  readonly subjectToken?: VerifiedToken;
}

/**
 * Adds custom claims to an access token. It receives the API key without its secret. In a token exchange, `may_act` of
 * the subject token takes precedence over a `may_act` that the hook returns.
 *
 * @returns a JSON object without claims that this package reads or writes, except `may_act`
 */
export type ClaimsHook = (apiKey: ApiKey, context: ClaimsContext) => JsonObject | Promise<JsonObject>;

export const noClaims: ClaimsHook = () => ({});

/** The access token to issue for an API key. */
export type AccessTokenRequest = Omit<ClaimsContext, keyof RequestOrigin>;

/** Maximum lifetime of a service token in seconds. */
const SERVICE_TTL_SECONDS = 300;

/** The properties that differ between kinds of access tokens. */
interface TokenKind {
  readonly type: ClientTokenRequest['type'];
  readonly claims: JsonObject;
  readonly maxLifetimeSeconds: number;
  /**
   * Upper bound of `exp`.
   *
   * @default undefined (no upper bound)
   */
  readonly latestExpiry?: NumericDate;
  /** @default the asserted user, or else the API key */
  readonly identity?: DelegatedIdentity;
}

/**
 * Issues an access token of the type that the API key specifies.
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since it authenticated
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
 * Issues a short-lived token for calls between services. Its `sub` is the calling service. It carries none of the
 * rights that the API key has for its users.
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since it authenticated
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
 * Issues a token that lets one party act for another (RFC 8693 §4.1).
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since it authenticated
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

/** The delegated token to issue. */
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
    // A revocation during this request then covers the token.
    issuedAt: requestedAt,
    lifetime: Math.min(
      maxLifetimeSeconds,
      latestExpiry - requestedAt,
      chooseLifetime(apiKey, scope, requestedAt),
    ),
    // Those of the token type last, so that the hook does not replace `may_act` of the subject token.
    claims: { ...copyCustomClaims(custom), ...kind.claims },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(apiKey.viaPreviousKey === undefined ? {} : { previousApiKey: apiKey.viaPreviousKey }),
  });
  return {
    access_token: issued.token,
    token_type: 'Bearer',
    expires_in: issued.expiresInSeconds,
    ...(scope.length === 0 ? {} : { scope: formatScope(scope) }),
  };
}

/** A Map cannot be frozen, and all requests share the API key. */
function askHook(hook: ClaimsHook, apiKey: ApiKey, context: ClaimsContext): Promise<JsonObject> {
  const copy = { ...apiKey, scopeTtlSeconds: new Map(apiKey.scopeTtlSeconds) };
  return callClaimsHook(() => hook(copy, context));
}

/** The shortest of `token_ttl`, the lifetimes of the scope tokens, and the time until the API key expires. */
function chooseLifetime(apiKey: ApiKey, scope: readonly string[], now: number): number {
  const byScope = scope.map((token) => apiKey.scopeTtlSeconds.get(token) ?? apiKey.tokenTtlSeconds);
  const untilKeyExpires = (apiKey.expiresAt ?? Number.POSITIVE_INFINITY) - now;
  return Math.min(apiKey.tokenTtlSeconds, untilKeyExpires, ...byScope);
}
