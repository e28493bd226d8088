import type { NumericDate } from '../../base/clock.js';
import type { JsonObject, JsonValue } from '../../base/json.js';

/** Limits of an API key, as `rate_limits` carries them. */
export type RateLimits = {
  readonly requests_per_minute: number;
  readonly tokens_per_minute: number;
  readonly requests_per_hour: number;
  readonly concurrent_requests: number;
  /** In 30 days. */
  readonly tokens_per_month?: number;
  /** Limits of each user of the key, beside its own. */
  readonly per_user?: UserLimits;
};

/** Limits of one user of an API key; what is not named is not limited. */
export type UserLimits = Partial<Omit<RateLimits, 'per_user'>>;

/** Limits of an API key whose file names none. */
export const DEFAULT_RATE_LIMITS: RateLimits = Object.freeze({
  requests_per_minute: 60,
  tokens_per_minute: 10_000,
  requests_per_hour: 1000,
  concurrent_requests: 5,
});

/** The claims set that every accepted token has, in the names of the wire (RFC 7519 section 4, RFC 9068 section 2.2). */
export interface ClaimsSet {
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly exp: NumericDate;
  readonly iat: NumericDate;
  readonly jti: string;
  readonly nbf?: NumericDate;
  readonly sub?: string;
  /** `key_id` of the API key that the token was issued to. */
  readonly client_id?: string;
  /** The only claim that authorises. */
  readonly scope?: string;
  readonly type?: string;
  readonly session_id?: string;
  readonly [claim: string]: JsonValue | undefined;
}

/** Claims of every token that this package issues. */
export interface IssuedClaims extends ClaimsSet {
  readonly sub: string;
  readonly client_id: string;
  readonly api_key_name?: string;
  /** The same set as `scope`, for readers. */
  readonly permissions?: readonly string[];
  readonly metadata?: JsonObject;
}

/** A key that may execute models. */
export interface ModelClaims extends IssuedClaims {
  readonly type: 'tiered_model_exec';
  readonly allowed_models: readonly string[];
  readonly rate_limits: RateLimits;
}

/** A key that may have functions called. */
export interface FunctionClaims extends IssuedClaims {
  readonly type: 'function_call';
  readonly allowed_functions: readonly string[];
  readonly rate_limits: RateLimits;
}

/** A key that may call endpoints, each written `METHOD /path`. */
export interface EndpointClaims extends IssuedClaims {
  readonly type: 'api_call';
  readonly allowed_endpoints: readonly string[];
  readonly rate_limits: RateLimits;
}

/** One ancestor of a delegated token: what it stands and falls with. */
export type LineageEntry = {
  readonly jti: string;
  readonly client_id: string;
  /** Absent where it was delegated itself: its subject is that of the first ancestor. */
  readonly sub?: string;
  readonly iat: NumericDate;
  readonly session_id?: string;
  /** The key that it was encrypted under. */
  readonly kid?: string;
  /** It showed who acts; it is not what was delegated. */
  readonly is_actor?: true;
  /** Limits of its API key, for resource servers that do not have the configuration. */
  readonly rate_limits?: RateLimits;
};

/** Longest lineage: four delegations, each of a subject token and an actor token. */
export const MAX_LINEAGE = 8;

/**
 * A token that one party holds on behalf of another (RFC 8693 section 4.1). Its `sub` is a name of the client of its
 * first ancestor, not of its own `client_id`.
 */
export interface DelegationClaims extends IssuedClaims {
  readonly type: 'delegation';
  readonly delegator: string;
  readonly delegated_to: string;
  readonly act: JsonObject;
  /** The same as `exp`, for readers. */
  readonly expires_at: NumericDate;
  readonly lineage: readonly LineageEntry[];
  /** Limits of the API key that holds the token. */
  readonly rate_limits?: RateLimits;
  /** Those of the subject's token; where it had none, none are allowed. */
  readonly allowed_models?: readonly string[];
  readonly allowed_functions?: readonly string[];
  readonly allowed_endpoints?: readonly string[];
}

/** A token by which one service calls another. */
export interface ServiceClaims extends IssuedClaims {
  readonly type: 'service';
}

/** A token of a home issuer that says no `type`, as one of another stack. */
export interface ForeignClaims extends ClaimsSet {
  readonly type?: never;
}

/** A token of a trusted issuer. Its `type` promises nothing. */
export interface ExternalClaims extends ClaimsSet {
  /** Audiences that are configured for its issuer. */
  readonly aud: string | readonly string[];
  /** Scope tokens that its issuer may grant. */
  readonly scope?: string;
}

/** The claims that each `type` promises. */
export interface ClaimsByType {
  readonly tiered_model_exec: ModelClaims;
  readonly function_call: FunctionClaims;
  readonly api_call: EndpointClaims;
  readonly delegation: DelegationClaims;
  readonly service: ServiceClaims;
  readonly foreign: ForeignClaims;
  readonly external: ExternalClaims;
}

export type TokenType = keyof ClaimsByType;

/** Types that this package issues. */
export type IssuedTokenType = Exclude<TokenType, 'foreign' | 'external'>;

const TOKEN_TYPES: Readonly<Record<TokenType, true>> = {
  tiered_model_exec: true,
  function_call: true,
  api_call: true,
  delegation: true,
  service: true,
  foreign: true,
  external: true,
};

export function isTokenType(value: unknown): value is TokenType {
  return typeof value === 'string' && Object.hasOwn(TOKEN_TYPES, value);
}

/** Types that this package issues for API keys. */
export const API_KEY_TYPES = ['tiered_model_exec', 'function_call', 'api_call'] as const;

export type ApiKeyType = (typeof API_KEY_TYPES)[number];

/** Media type of every token that an API accepts (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYP = 'at+jwt';

/** Media type of refresh tokens, which no API accepts. */
export const REFRESH_TOKEN_TYP = 'rt+jwt';

/** The claims that list what a token of its type may be used for. */
export const ALLOWED_CLAIMS = ['allowed_models', 'allowed_functions', 'allowed_endpoints'] as const;

/**
 * Every claim that this package reads or writes; what an application adds has other names. `may_act` is not among
 * them: only the application knows which parties may act for a subject (RFC 8693 section 4.4). A token exchange copies
 * it.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope', 'type', 'cnf'],
  ...['api_key_name', 'permissions', 'metadata', 'session_id', 'device_id', 'rate_limits'],
  ...ALLOWED_CLAIMS,
  ...['delegator', 'delegated_to', 'act', 'expires_at', 'lineage', 'provenance'],
  '__proto__',
]);
