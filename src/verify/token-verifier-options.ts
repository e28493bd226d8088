import type { ApiKeyStates } from '../api-keys/check-key-states.js';
import type { Clock } from '../base/clock.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { SignatureOptions } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import type { ClaimsOptions } from '../token/claims/claims-policy.js';
import type { LegacyOptions } from '../token/legacy-policy.js';
import type { TokenCacheOptions } from '../token/token-cache.js';
import type { TrustedIssuer } from './trusted-issuers.js';

/** Options that decide which tokens are accepted. */
export interface TokenVerifierOptions extends ClaimsOptions, SignatureOptions {
  readonly keyRing: KeyRing;
  /** Maximum token length in characters. Default 8192. */
  readonly maxTokenLength?: number;
  /**
   * Other issuers whose tokens are accepted, as tokens of the type `external`. They must sign their tokens and encrypt
   * them to a public key of `keyRing`. Default: none.
   */
  readonly trustedIssuers?: readonly TrustedIssuer[];
  /** Revocations that are checked. Default: none. */
  readonly revocations?: RevocationCheck;
  /**
   * Accepts tokens of another stack until they are replaced: those whose protected header has the members `alg: "dir"`
   * and `enc: "A256GCM"` and no others, in any JSON spelling, with IVs of 96 or 128 bits. All five members are required.
   * Default: none are accepted.
   */
  readonly legacy?: LegacyOptions;
  /**
   * API keys whose tokens, and tokens delegated from them, are accepted: `await watchApiKeys({ directory })`. Tokens of
   * other keys, inactive keys and expired keys are rejected. Tokens without `client_id` are not affected. Default: API
   * keys are not checked.
   */
  readonly apiKeys?: ApiKeyStates;
  /**
   * Bounds of the cache of decrypted tokens, or `false` for no cache. All checks but decryption are repeated at each use.
   * Default: `{ maxEntries: 10_000, maxBytes: 67_108_864 }`.
   */
  readonly tokenCache?: TokenCacheOptions | false;
  /** Default: the system clock. */
  readonly clock?: Clock;
}
