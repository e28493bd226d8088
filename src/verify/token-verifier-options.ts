import type { ApiKeyStates } from '../api-keys/check-key-states.js';
import type { Clock } from '../base/clock.js';
import type { KnownOptions } from '../base/options.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SignatureOptions } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import type { ClaimsOptions } from '../token/claims/claims-policy.js';
import type { ClaimsSchema } from '../token/claims/claims-schema.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import type { LegacyOptions } from '../token/legacy-policy.js';
import type { TokenCacheOptions } from '../token/token-cache.js';
import type { TrustedIssuer } from './trusted-issuer-options.js';

/**
 * Options of a token verifier: its keys, and the conditions for accepting a token.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface TokenVerifierOptions<Claims extends object = NoClaims>
  extends Omit<ClaimsOptions, 'audience' | 'issuer'>,
    SignatureOptions {
  /**
   * Key ring that decrypts tokens of home issuers. Required unless `trustedIssuers` is set. Tokens of trusted issuers are
   * decrypted with their own keys.
   *
   * @default undefined (only tokens of `trustedIssuers` are accepted)
   */
  readonly keyRing?: KeyRing;
  /**
   * Home issuers, compared exactly with `iss`. The first one is the issuer of new tokens. Only home issuers can issue
   * the token types of this package. List issuers of other parties in `trustedIssuers` instead. Required with `keyRing`.
   * RFC 7519 §4.1.1.
   *
   * @default undefined (only tokens of `trustedIssuers` are accepted)
   */
  readonly issuer?: string | readonly string[];
  /**
   * Accepted audiences of tokens of home issuers. `aud` must contain at least one of them. Required with `keyRing`. RFC
   * 7519 §4.1.3.
   *
   * @default undefined (only tokens of `trustedIssuers` are accepted)
   */
  readonly audience?: string | readonly string[];
  /**
   * Maximum token length in characters. Longer tokens are rejected.
   *
   * @default 8192
   */
  readonly maxTokenLength?: number;
  /**
   * Issuers of other parties whose tokens are accepted, with the type `external`: from `trustedIssuer()`, or from a
   * preset such as `auth0()`.
   *
   * @default [] (only tokens of home issuers are accepted)
   */
  readonly trustedIssuers?: readonly TrustedIssuer[];
  /**
   * Standard Schema that the custom claims of accepted tokens of every type must match. It receives only the
   * claims that this package neither reads nor writes.
   *
   * @default undefined (custom claims are not checked)
   */
  readonly claimsSchema?: ClaimsSchema<Claims>;
  /**
   * Revocations to check for every token, from `createRevocations()`. If a check fails, verification throws
   * `TemporarilyUnavailableError`.
   *
   * @default undefined (no token is revoked)
   */
  readonly revocations?: RevocationCheck;
  /**
   * Accepts tokens of another stack during a migration. Their protected header must contain only `alg: "dir"` and
   * `enc: "A256GCM"`, in any JSON spelling. Their IV must have 96 or 128 bits.
   *
   * @default undefined (legacy tokens are rejected)
   */
  readonly legacy?: LegacyOptions;
  /**
   * API keys whose tokens are accepted, for example `await watchApiKeys({ directory })`. Tokens of unknown, inactive
   * and expired API keys are rejected, as are tokens delegated from them. Tokens without `client_id` are not checked.
   *
   * @default undefined (API keys are not checked)
   */
  readonly apiKeys?: ApiKeyStates;
  /**
   * Limits of the cache of decrypted tokens, or `false` to disable the cache. Only the decryption is cached: all other
   * checks run for every request.
   *
   * @default { maxEntries: 10_000, maxBytes: 67_108_864 }
   */
  readonly tokenCache?: TokenCacheOptions | false;
  /**
   * Source of the current time, for example `createSteadyClock()`.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Known options that `authenticate()` has too, for `assertOptions()`. */
export const ACCEPTANCE_OPTIONS: KnownOptions<Omit<TokenVerifierOptions<object>, 'signing'>> = {
  ...{ keyRing: true, issuer: true, audience: true, verification: true, trustedIssuers: true },
  ...{ clockToleranceSeconds: true, maxTokenAgeSeconds: true, maxTokenLifetimeSeconds: true },
  ...{ requiredClaims: true, scopeClaim: true, typ: true, maxTokenLength: true, tokenCache: true },
  ...{ claimsSchema: true, revocations: true, legacy: true, apiKeys: true, clock: true },
};

/** Names of the options, for `assertOptions`. */
export const VERIFIER_OPTIONS: KnownOptions<TokenVerifierOptions<object>> = {
  ...ACCEPTANCE_OPTIONS,
  signing: true,
};
