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
import type { TrustedIssuer } from './trusted-issuers.js';

/**
 * Options that decide which tokens are accepted.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface TokenVerifierOptions<Claims extends object = NoClaims>
  extends ClaimsOptions,
    SignatureOptions {
  /** Keys that decrypt the tokens. */
  readonly keyRing: KeyRing;
  /** Maximum token length in characters. Default 8192. */
  readonly maxTokenLength?: number;
  /**
   * Other issuers whose tokens are accepted, with the type `external`. They must sign their tokens and encrypt
   * them to a public key of `keyRing`. Default: none.
   */
  readonly trustedIssuers?: readonly TrustedIssuer[];
  /**
   * Standard Schema that the custom claims of every accepted token must match, those of API keys included. Claims that
   * this package reads or writes are not passed to it. Default: custom claims are not checked.
   */
  readonly claimsSchema?: ClaimsSchema<Claims>;
  /** Revocations to check. Default: none. */
  readonly revocations?: RevocationCheck;
  /**
   * Accepts tokens of another stack during a migration. Their protected header has the members `alg: "dir"` and
   * `enc: "A256GCM"` and no others, in any JSON spelling, and their IV has 96 or 128 bits. Default: no such tokens.
   */
  readonly legacy?: LegacyOptions;
  /**
   * API keys whose tokens are accepted, including tokens delegated from them: `await watchApiKeys({ directory })`. Tokens
   * of unknown, inactive and expired API keys are rejected. Tokens without `client_id` are not affected. Default: API keys
   * are not checked.
   */
  readonly apiKeys?: ApiKeyStates;
  /**
   * Limits of the cache of decrypted tokens, or `false` for no cache. The cache saves decryption only: all other checks run
   * for each request. Default: `{ maxEntries: 10_000, maxBytes: 67_108_864 }`.
   */
  readonly tokenCache?: TokenCacheOptions | false;
  /** Source of the current time. Default: the system clock. */
  readonly clock?: Clock;
}

/** Names of the options that `authenticate()` has too. */
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
