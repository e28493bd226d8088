import type { ApiKey } from '../../api-keys/api-key.js';
import { assertMayIssue } from '../../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../../api-keys/claims-by-key-type.js';
import type { NumericDate } from '../../base/clock.js';
import type { JsonObject } from '../../base/json.js';
import { confirmationOf } from '../../sessions/key-binding.js';
import { copyCustomClaims } from '../../token/claims/build-claims-set.js';
import { formatScope } from '../../token/claims/scope.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import { callClaimsHook } from '../call-claims-hook.js';
import type { ClientTokenRequest } from '../issue-request.js';
import { requesterOf } from '../requester-of.js';
import type { Workload } from '../workloads/workload.js';
import type { DelegatedIdentity, Delegation } from './build-delegation.js';
import type { GrantContext, RequestOrigin, TokenResponse } from './grant.js';
import { tokenTypeOf } from './token-type-of.js';

/** Token request that the `claims` hook receives. */
export interface ClaimsContext extends RequestOrigin {
  /** Scope of the token to issue. */
  readonly scope: readonly string[];
  /** Audience of the token to issue. */
  readonly audience: string;
  /** User that the client asserts, or subject of the user that a directory verified. */
  readonly user?: string;
  /** Custom claims of a verified user. The token contains those that the hook does not return itself. */
  readonly userClaims?: JsonObject;
  /** Session of the token. */
  readonly sessionId?: string;
  /** Device of the session. */
  readonly deviceId?: string;
  /** Workload whose JWT the client exchanges. Present only with the grant type `jwt-bearer`. */
  readonly workload?: Workload;
  /** Token whose subject delegates. Present only in a token exchange. */
  readonly subjectToken?: VerifiedToken;
}

/**
 * Returns custom claims for an access token. The hook receives the API key without its secret.
 *
 * @returns JSON object with the claims. It must not contain claims that this package reads or writes, except `may_act`.
 *   In a token exchange, `may_act` of the subject token takes precedence
 */
export type ClaimsHook = (apiKey: ApiKey, context: ClaimsContext) => JsonObject | Promise<JsonObject>;

export const noClaims: ClaimsHook = () => ({});

/** Properties of an access token to issue for an API key. */
export type AccessTokenRequest = Omit<ClaimsContext, keyof RequestOrigin>;

/** Maximum lifetime of a service token in seconds. */
const SERVICE_TTL_SECONDS = 300;

/** Properties that differ between the types of access tokens. */
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
  /**
   * Identities in the token and its audit events.
   *
   * @default the asserted user, or the API key if no user is asserted
   */
  readonly identity?: DelegatedIdentity;
}

/**
 * Issue an access token of the type that the API key specifies.
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since authentication
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
 * Issue a short-lived token for calls between services, with the calling service as `sub`. The token does not contain
 * the models, functions and endpoints that the API key allows for its users.
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since authentication
 */
export function issueServiceToken(
  context: GrantContext,
  request: Pick<AccessTokenRequest, 'scope' | 'audience' | 'workload'>,
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
 * Issue a delegated token, with which an actor acts for the subject (RFC 8693 §4.1).
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since authentication
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

/** Properties of a delegated token to issue. */
export interface DelegationRequest extends Pick<AccessTokenRequest, 'scope' | 'audience' | 'subjectToken'> {
  readonly delegation: Delegation;
}

interface Issuance {
  readonly request: AccessTokenRequest;
  readonly kind: TokenKind;
  readonly claimsHook: ClaimsHook;
}

async function issue(
  { tokens, apiKey, apiKeys, sender, origin, requestedAt, clock }: GrantContext,
  { request, kind, claimsHook }: Issuance,
): Promise<TokenResponse> {
  const { scope, audience, user, sessionId, workload } = request;
  const confirmation = confirmationOf(sender);
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
    // The arrival time: a revocation during the request then covers the token.
    issuedAt: requestedAt,
    lifetime: Math.min(
      maxLifetimeSeconds,
      latestExpiry - requestedAt,
      chooseLifetime(apiKey, scope, requestedAt),
    ),
    // Claims of the token type last: the hook must not replace `may_act` of the subject token.
    claims: { ...request.userClaims, ...copyCustomClaims(custom), ...kind.claims },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(confirmation === undefined ? {} : { confirmation }),
    ...(workload === undefined ? {} : { workload }),
    ...(apiKey.viaPreviousKey === undefined ? {} : { previousApiKey: apiKey.viaPreviousKey }),
  });
  return {
    access_token: issued.token,
    token_type: tokenTypeOf(confirmation),
    expires_in: issued.expiresInSeconds,
    ...(scope.length === 0 ? {} : { scope: formatScope(scope) }),
  };
}

/** Call the claims hook with a copy of the API key. A map cannot be frozen, and all requests share the API key. */
function askHook(hook: ClaimsHook, apiKey: ApiKey, context: ClaimsContext): Promise<JsonObject> {
  const copy = { ...apiKey, scopeTtlSeconds: new Map(apiKey.scopeTtlSeconds) };
  return callClaimsHook('tokenRouter', () => hook(copy, context));
}

/**
 * Return the token lifetime in seconds: the minimum of `token_ttl`, the lifetimes of the scope tokens and the
 * remaining lifetime of the API key.
 */
function chooseLifetime(apiKey: ApiKey, scope: readonly string[], now: number): number {
  const byScope = scope.map((token) => apiKey.scopeTtlSeconds.get(token) ?? apiKey.tokenTtlSeconds);
  const untilKeyExpires = (apiKey.expiresAt ?? Number.POSITIVE_INFINITY) - now;
  return Math.min(apiKey.tokenTtlSeconds, untilKeyExpires, ...byScope);
}
