import type { NumericDate } from '../../base/clock.js';
import type { JsonObject, JsonValue } from '../../base/json.js';
import type { Confirmation } from './confirmation.js';
import type { RateLimits } from './rate-limits.js';

/** Claims of every accepted token, under their JWT names (RFC 7519 §4, RFC 9068 §2.2). */
export interface ClaimsSet {
  /** Issuer (RFC 7519 §4.1.1). */
  readonly iss: string;
  /** Audience, or several audiences (RFC 7519 §4.1.3). */
  readonly aud: string | readonly string[];
  /** Expiry, in seconds since 1970 (RFC 7519 §4.1.4). */
  readonly exp: NumericDate;
  /** Time of issuance, in seconds since 1970 (RFC 7519 §4.1.6). */
  readonly iat: NumericDate;
  /** Token ID (RFC 7519 §4.1.7). */
  readonly jti: string;
  /** Start of validity, in seconds since 1970 (RFC 7519 §4.1.5). */
  readonly nbf?: NumericDate;
  /** Subject (RFC 7519 §4.1.2). */
  readonly sub?: string;
  /** `key_id` of the API key to which the token was issued. */
  readonly client_id?: string;
  /** Granted scope. No other claim grants scope. */
  readonly scope?: string;
  /** Token type. */
  readonly type?: string;
  /** Session of the token. Unique within a client. */
  readonly session_id?: string;
  /** Keys to which the token is bound. Accepted only from a sender that proves possession of all keys. */
  readonly cnf?: Confirmation;
  readonly [claim: string]: JsonValue | undefined;
}

/** Claims that are common to all tokens issued by this package. */
export interface IssuedClaims extends ClaimsSet {
  /** Subject (RFC 7519 §4.1.2). */
  readonly sub: string;
  /** `key_id` of the API key to which the token was issued. */
  readonly client_id: string;
  /** Display name of the API key. */
  readonly api_key_name?: string;
  /** Scope tokens as an array, for information only. `scope` is authoritative. */
  readonly permissions?: readonly string[];
  /** Metadata of the API key. */
  readonly metadata?: JsonObject;
}

/** Claims of a token of a user who signed in to the application. */
export interface UserClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'user';
  /** Same as `iss`: the application itself is the client (RFC 9068 §2.2). No API key can have this `key_id`. */
  readonly client_id: string;
}

/** Claims of a token that may execute models. */
export interface ModelClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'tiered_model_exec';
  /** Models that the token allows. */
  readonly allowed_models: readonly string[];
  /** Limits of the API key. */
  readonly rate_limits: RateLimits;
}

/** Claims of a token that may call functions. */
export interface FunctionClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'function_call';
  /** Functions that the token allows. */
  readonly allowed_functions: readonly string[];
  /** Limits of the API key. */
  readonly rate_limits: RateLimits;
}

/** Claims of a token that may call endpoints, each in the form `METHOD /path`. */
export interface EndpointClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'api_call';
  /** Endpoints that the token allows, each in the form `METHOD /path`. */
  readonly allowed_endpoints: readonly string[];
  /** Limits of the API key. */
  readonly rate_limits: RateLimits;
}

/** Ancestor of a delegated token. Revoking an ancestor also revokes the token. */
export type LineageEntry = {
  /** Token ID (RFC 7519 §4.1.7). */
  readonly jti: string;
  /** `key_id` of the API key to which the token was issued. */
  readonly client_id: string;
  /** Subject of the ancestor. Absent for a delegated ancestor, which has the subject of the first ancestor. */
  readonly sub?: string;
  /** Time of issuance, in seconds since 1970 (RFC 7519 §4.1.6). */
  readonly iat: NumericDate;
  /** Session of the token. Unique within a client. */
  readonly session_id?: string;
  /** ID of the key that encrypts the ancestor. */
  readonly kid?: string;
  /** Whether the ancestor was the actor token of a token exchange. Absent for a subject token. */
  readonly is_actor?: true;
  /** Limits of the ancestor's API key, for resource servers that have no API key files. */
  readonly rate_limits?: RateLimits;
};

/** Maximum number of lineage entries: four delegations, each with a subject token and an actor token. */
export const MAX_LINEAGE = 8;

/**
 * Claims of a delegated token (RFC 8693 §4.1). The client of the first ancestor assigned `sub`. `client_id` is the
 * client that received the token.
 */
export interface DelegationClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'delegation';
  /** Subject that delegates: `sub` of the token. */
  readonly delegator: string;
  /** Subject of the actor. */
  readonly delegated_to: string;
  /** Actor (RFC 8693 §4.1). */
  readonly act: JsonObject;
  /** Copy of `exp`, for information only. */
  readonly expires_at: NumericDate;
  /** Ancestors of the token. */
  readonly lineage: readonly LineageEntry[];
  /** Limits of the API key to which the token was issued. */
  readonly rate_limits?: RateLimits;
  /** Models, functions and endpoints that the subject token allows. An absent claim allows none. */
  readonly allowed_models?: readonly string[];
  /** Functions that the token allows. */
  readonly allowed_functions?: readonly string[];
  /** Endpoints that the token allows, each in the form `METHOD /path`. */
  readonly allowed_endpoints?: readonly string[];
}

/** Claims of a token for calls between services. */
export interface ServiceClaims extends IssuedClaims {
  /** Token type. */
  readonly type: 'service';
}

/** Claims of a token without `type` from a home issuer, for example from another stack. */
export interface ForeignClaims extends ClaimsSet {
  /** Absent: the token has no type. */
  readonly type?: never;
}

/** Claims of a token from a trusted issuer. A `type` claim is removed. */
export interface ExternalClaims extends ClaimsSet {
  /** Absent: the token has no type. */
  readonly type?: never;
  /** Audiences of the token that are configured for the issuer. */
  readonly aud: string | readonly string[];
  /** Granted scope, without the scope tokens that the issuer may not grant. */
  readonly scope?: string;
}

/** Claims by token type. */
export interface ClaimsByType {
  /** Token of a user of the application. */
  readonly user: UserClaims;
  /** Token that may execute models. */
  readonly tiered_model_exec: ModelClaims;
  /** Token that may call functions. */
  readonly function_call: FunctionClaims;
  /** Token that may call endpoints. */
  readonly api_call: EndpointClaims;
  /** Delegated token. */
  readonly delegation: DelegationClaims;
  /** Token for calls between services. */
  readonly service: ServiceClaims;
  /** Token without `type` from a home issuer. */
  readonly foreign: ForeignClaims;
  /** Token from a trusted issuer. */
  readonly external: ExternalClaims;
}

/** `typ` of access tokens (RFC 9068 §2.1). */
export const ACCESS_TOKEN_TYP = 'at+jwt';

/** `typ` of refresh tokens, which resource servers reject. */
export const REFRESH_TOKEN_TYP = 'rt+jwt';

/** Claims that list the allowed models, functions and endpoints. */
export const ALLOWED_CLAIMS = ['allowed_models', 'allowed_functions', 'allowed_endpoints'] as const;

/**
 * Claims that this package reads or writes. Custom claims must not use these names.
 *
 * `may_act` is not reserved, because only the application knows which parties may act for a subject (RFC 8693 §4.4). A
 * token exchange copies `may_act`.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope', 'type', 'cnf'],
  ...['api_key_name', 'permissions', 'metadata', 'session_id', 'device_id', 'rate_limits'],
  ...ALLOWED_CLAIMS,
  ...['delegator', 'delegated_to', 'act', 'expires_at', 'lineage', 'provenance'],
  '__proto__',
]);
