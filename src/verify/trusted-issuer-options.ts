import type { NumericDate } from '../base/clock.js';
import type { DecryptionKeys } from '../keys/decryption-keys.js';
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../keys/jwe-algorithms.js';
import type { VerificationAlgorithm } from '../keys/verification-algorithms.js';
import type { VerificationKeys } from '../keys/verification-keys.js';

/** Decides whether an issuer is trusted. It receives the `iss` of unauthenticated tokens. */
export type IssuerMatcher = (issuer: string) => boolean | Promise<boolean>;

/** Options of `trustedIssuer()`. */
export interface TrustedIssuerOptions {
  /**
   * Exact value of `iss` in the tokens (RFC 7519 §4.1.1). For many tenants, a function that returns whether an issuer is
   * trusted. The function receives unauthenticated values. It is called only for an `iss` without an exact
   * entry, at most 20 times per second, and must return within 2 s. Its results are cached: `true` for 5 minutes, `false`
   * for 1 minute. If it fails, the response is 503.
   */
  readonly issuer: string | IssuerMatcher;
  /**
   * Audiences for which the issuer may issue tokens. All other audiences in `aud` are hidden from handlers and guards.
   * RFC 7519 §4.1.3.
   */
  readonly audience: string | readonly string[];
  /**
   * Scope tokens that the issuer may grant, as an array or as a map from its scope tokens to yours. All other scope
   * tokens are removed. With `[]`, the scope is always empty.
   */
  readonly scopes: readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  /**
   * Keys that decrypt the tokens, from `await createDecryptionKeys(...)`. Several issuers can encrypt to one public key.
   * A symmetric key belongs to one issuer.
   */
  readonly decryption: DecryptionKeys;
  /**
   * Keys that verify the nested JWS: `remoteJwks(...)`, `discoverJwks(...)` or `await createVerificationKeys(...)`. For
   * many tenants, a function that returns the keys of an issuer. Required unless all decryption keys are symmetric.
   *
   * @default undefined (the tokens have no nested JWS, and the symmetric key authenticates the issuer)
   */
  readonly verification?: VerificationKeys | ((issuer: string) => VerificationKeys);
  /**
   * Accepted key management algorithms. RFC 7518 §4.
   *
   * @default ['dir', 'A256KW', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW']
   */
  readonly keyManagementAlgorithms?: readonly KeyManagementAlgorithm[];
  /**
   * Accepted content encryption algorithms. RFC 7518 §5.
   *
   * @default ['A128GCM', 'A192GCM', 'A256GCM']
   */
  readonly contentEncryptionAlgorithms?: readonly ContentEncryptionAlgorithm[];
  /**
   * Accepted signature algorithms of the nested JWS. RFC 7518 §3.
   *
   * @default ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256']
   */
  readonly signatureAlgorithms?: readonly VerificationAlgorithm[];
  /**
   * Accepted values of `typ` in the nested JWS, or in the JWE if there is no nested JWS. `null` accepts tokens without
   * `typ`. Tokens with `nonce`, `at_hash` or `c_hash` are then rejected, because they are ID tokens. RFC 8725 §3.11.
   *
   * @default 'at+jwt'
   */
  readonly typ?: string | readonly (string | null)[];
  /**
   * Required claims besides `iss`, `aud`, `exp` and `iat`.
   *
   * @default the option `requiredClaims` of the verifier
   */
  readonly requiredClaims?: readonly string[];
  /**
   * Claim that contains the scope, as a string or an array, for example `scp`. RFC 8693 §4.2.
   *
   * @default the option `scopeClaim` of the verifier
   */
  readonly scopeClaim?: string;
  /**
   * Claim that identifies the client, for example `azp` or `cid`. Handlers read it as `client_id`.
   *
   * @default 'client_id'
   */
  readonly clientClaim?: string;
  /**
   * Claims that the tokens lack and the symmetric key implies, for sessions of the same application. They get the values
   * of `issuer` and `audience`, which must be single strings.
   *
   * @default [] (`iss` and `aud` are required)
   */
  readonly impliedClaims?: readonly ('aud' | 'iss')[];
  /**
   * Tolerance for clock skew in seconds, from 0 to 60.
   *
   * @default the option `clockToleranceSeconds` of the verifier
   */
  readonly clockToleranceSeconds?: number;
  /**
   * Maximum token age in seconds, measured from `iat`.
   *
   * @default the option `maxTokenAgeSeconds` of the verifier
   */
  readonly maxTokenAgeSeconds?: number;
  /**
   * Maximum token lifetime (`exp - iat`) in seconds.
   *
   * @default the option `maxTokenLifetimeSeconds` of the verifier
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Whether tokens without `kid` may match two private keys, the current and the previous one. Both are then tried for
   * every such token. Ask the issuer to send a `kid` instead.
   *
   * @default false (a token without `kid` must match exactly one key)
   */
  readonly kidlessRotation?: boolean;
  /**
   * Accepts signed JWTs without encryption until a time, while the issuer turns on encryption. Each such token causes the
   * audit event `token.not_encrypted`.
   *
   * @default undefined (tokens without encryption are rejected)
   */
  readonly signedOnly?: {
    /** Time from which tokens without encryption are rejected, in seconds since 1970. At most 180 days ahead. */
    readonly until: NumericDate;
  };
}

/** Issuer of another party whose tokens are accepted, from `trustedIssuer()` or a preset. */
export interface TrustedIssuer {
  /** Exact value of `iss`, or the function that matches it. */
  readonly issuer: string | IssuerMatcher;
}
