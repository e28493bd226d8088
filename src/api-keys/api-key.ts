import type { NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import type { RateLimits } from '../token/claims/rate-limits.js';
import type { ApiKeyType } from '../token/claims/token-type-names.js';
import type { ClaimConditions } from './matches-conditions.js';
import type { ModelConfiguration } from './model-configuration.js';

/** Values of `refresh_tokens` in an API key file. */
export const REFRESH_TOKENS = ['off', 'confidential', 'public'] as const;

/**
 * Clients that may use the refresh tokens of an API key (RFC 6749 §2.1): the value of `refresh_tokens` in its file.
 *
 * - `off`: none,
 * - `confidential`: clients that authenticate with the API key,
 * - `public`: also clients without a secret, which send only their `client_id`.
 *
 * @useDeclaredType
 */
export type RefreshTokens = (typeof REFRESH_TOKENS)[number];

/** Values of `surplus_scopes` in an API key file. */
export const SURPLUS_SCOPES = ['reject', 'narrow'] as const;

/**
 * Treatment of requested scope tokens that the client may not receive (RFC 6749 §3.3): the value of `surplus_scopes` in
 * an API key file, and of the option `surplusScopes` of `tokenRouter()`.
 *
 * - `reject`: the request fails with `invalid_scope`,
 * - `narrow`: the token has the other requested scope tokens.
 *
 * @useDeclaredType
 */
export type SurplusScopes = (typeof SURPLUS_SCOPES)[number];

/** Values of `dpop` in an API key file. */
export const DPOP_POLICIES = ['allowed', 'required'] as const;

/**
 * Whether token requests of an API key need a DPoP proof (RFC 9449 §5): the value of `dpop` in its file.
 *
 * - `allowed`: a request with a proof obtains bound tokens, other requests bearer tokens,
 * - `required`: requests without a proof are rejected.
 *
 * @useDeclaredType
 */
export type DpopPolicy = (typeof DPOP_POLICIES)[number];

/** Token exchanges that an API key may request (RFC 8693 §2.1). All other exchanges are rejected. */
export interface DelegationRules {
  /** `key_id`s of the API keys whose tokens are accepted as `subject_token`. */
  readonly subjects: readonly string[];
  /**
   * `key_id`s of the API keys that may be the actor.
   *
   * @default the API key itself
   */
  readonly actors: readonly string[];
  /** Permitted audiences of the issued tokens. */
  readonly audiences: readonly string[];
}

/** Workload identities that obtain tokens of an API key with a JWT of their platform (RFC 7523 §2.1). */
export interface WorkloadRule {
  /** `iss` of the JWTs, or the SPIFFE trust domain of JWT-SVIDs without `iss`. */
  readonly issuer: string;
  /** Anchored pattern for `sub`. `*` matches one or more characters, and never `/` or `:`. */
  readonly subject: string;
  /** Claims that the JWTs must contain with exactly these values. */
  readonly claims: ClaimConditions;
  /** Whether the JWTs are ID-JAGs, which identify a user. All other JWTs identify a workload. */
  readonly users: boolean;
}

/** ID tokens that an API key may exchange for access tokens of their users (RFC 8693 §2.1). */
export interface IdTokenRule {
  /** `iss` of the ID tokens. */
  readonly issuer: string;
  /** Client IDs at the provider: the values of `aud` and `azp`. */
  readonly audiences: readonly string[];
  /** Claims that the ID tokens must contain with exactly these values. */
  readonly claims: ClaimConditions;
  /**
   * Scope tokens by group, as the provider names it.
   *
   * @default undefined (every user has all permissions of the API key)
   */
  readonly groupPermissions?: GroupPermissions;
}

/** Authentication of a client by signed assertions, `private_key_jwt` (RFC 7523 §2.2). */
export interface ClientAssertionRules {
  /**
   * Public keys in the API key file.
   *
   * @default undefined (`jwksUri` names the keys)
   */
  readonly keys?: VerificationKeys;
  /**
   * URL of the client's JWK Set.
   *
   * @default undefined (`keys` contains the keys)
   */
  readonly jwksUri?: string;
  /**
   * Value of `aud` that is accepted besides the issuer.
   *
   * @default undefined (only the issuer)
   */
  readonly audience?: string;
}

/** Fields of a certificate that can identify a client of `tls_client_auth` (RFC 8705 §2.1.2). */
export const CERTIFICATE_SUBJECTS = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const;

export type SubjectKind = (typeof CERTIFICATE_SUBJECTS)[number];

/** Subject of the certificates of a client. */
export interface CertificateSubject {
  /** Name or thumbprint with which certificates are compared. */
  readonly kind: SubjectKind;
  /** Value in the form in which names are compared. For `subject_dn`, it is not readable. */
  readonly name: string;
}

/** Authentication of a client by its TLS certificate (RFC 8705 §2). */
export type ClientCertificateRules =
  | {
      /** Authentication by a certificate of a trusted authority (RFC 8705 §2.1). */
      readonly method: 'tls_client_auth';
      /** Subject that the certificate must have. */
      readonly subject: CertificateSubject;
    }
  | {
      /** Authentication by a registered certificate (RFC 8705 §2.2). No authority is required. */
      readonly method: 'self_signed_tls_client_auth';
      /** SHA-256 thumbprints of the registered certificates, in base64url. */
      readonly thumbprints: readonly string[];
    };

/** Users of an API key that a directory verifies. */
export interface DirectoryUsers {
  /** Name of the directory in the option `directories` of `tokenRouter()`. */
  readonly directory: string;
}

/**
 * Scope tokens by group. The names are normalized distinguished names, so that all spellings of a group are equal. They
 * are not for display.
 */
export type GroupPermissions = Readonly<Record<string, readonly string[]>>;

/** Configuration of an API key, deeply frozen and without the secret. */
export interface ApiKey {
  /** Public identifier of the API key. Tokens carry it as `client_id`. */
  readonly keyId: string;
  /** Display name. Tokens carry it as `api_key_name`. */
  readonly name: string;
  /** Token type of the API key. */
  readonly type: ApiKeyType;
  /** Whether clients may authenticate with the API key. */
  readonly active: boolean;
  /** Expiry of the API key. Its tokens expire at this time or earlier. */
  readonly expiresAt?: NumericDate;
  /** Expiry of the previous secret during a rotation. Absent if there is no previous secret. */
  readonly previousKeyExpiresAt?: NumericDate;
  /** Present if the client authenticated with the previous secret during a rotation. */
  readonly viaPreviousKey?: true;
  /** Authentication by signed assertions. Absent if the file has neither `jwks` nor `jwks_uri`. */
  readonly assertions?: ClientAssertionRules;
  /** Authentication by TLS certificate. Absent if the file has no field of it. */
  readonly certificates?: ClientCertificateRules;
  /**
   * Whether tokens are bound to the client certificate (RFC 8705 §3.4). `true`: every token request must have a
   * certificate. `false`: never. Absent: only if the certificate authenticates the client.
   */
  readonly certificateBoundTokens?: boolean;
  /** Audiences that the client may request. If empty, its tokens have the default audience of the issuer. */
  readonly audiences: readonly string[];
  /** Audiences of service tokens. They are disjoint from the audiences of all other tokens. */
  readonly serviceAudiences: readonly string[];
  /** Audiences whose tokens the client may introspect, including tokens of other clients (RFC 7662). */
  readonly introspects: readonly string[];
  /** Scope tokens that the client may request (RFC 6749 §3.3). */
  readonly permissions: readonly string[];
  /** Lifetime of access tokens in seconds. */
  readonly tokenTtlSeconds: number;
  /** Maximum lifetime in seconds of access tokens that contain a scope, by scope. */
  readonly scopeTtlSeconds: ReadonlyMap<string, number>;
  /** `rate_limits` of the API key, with the defaults for absent members. */
  readonly rateLimits: RateLimits;
  /** Metadata, copied into tokens. */
  readonly metadata: JsonObject;
  /** Names of the `metadata` fields that tokens carry. */
  readonly metadataClaims: readonly string[];
  /**
   * Whether the client may name the user of a token in the `user` parameter. `true`: the client asserts its users. An
   * object: a directory verifies them.
   */
  readonly users: boolean | DirectoryUsers;
  /** Scope tokens that the groups of a directory grant to its users. Empty without `group_permissions`. */
  readonly groupPermissions: GroupPermissions;
  /** Whether and how the API key receives refresh tokens. */
  readonly refreshTokens: RefreshTokens;
  /** Whether token requests need a DPoP proof. */
  readonly dpop: DpopPolicy;
  /** Treatment of surplus scope tokens. Absent if the option `surplusScopes` of the token router applies. */
  readonly surplusScopes?: SurplusScopes;
  /** Permitted token exchanges. Absent if the API key may not exchange tokens. */
  readonly delegation?: DelegationRules;
  /** Workload identities that obtain tokens of this API key without a secret. */
  readonly workloads: readonly WorkloadRule[];
  /** ID tokens that the client may exchange for tokens of their users. */
  readonly idTokens: readonly IdTokenRule[];
  /** Allowed models. */
  readonly models: readonly ModelConfiguration[];
  /** Allowed functions. */
  readonly functions: readonly string[];
  /** Permitted endpoints as `METHOD /path`, where the method may be `*`. */
  readonly endpoints: readonly string[];
}
