import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { SignatureOptions } from '../keys/resolve-verification.js';
import type { Revocations } from '../revocation/revocations.js';
import type { RefreshSettings } from '../sessions/refresh-settings.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { resolveTokenLifetime } from '../token/claims/claims-policy.js';
import type { ClaimsHook } from './grants/issue-access-token.js';
import type { ThrottleOptions } from './throttle-failures.js';

/** Options of `tokenRouter()`. */
export interface TokenRouterOptions extends SignatureOptions {
  readonly keyRing: KeyRing;
  /** `iss` of every token. Never derived from the `Host` header. RFC 9068 §2.2. */
  readonly issuer: string;
  /** Audience of tokens for API keys that list none. */
  readonly audience: string;
  /** The clients: `await watchApiKeys({ directory })`, or `loadApiKeys()` to read the files once. */
  readonly apiKeys: ApiKeyRegistry;
  /**
   * Adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claims?: ClaimsHook;
  /**
   * `createRevocations({ stores })`. Adds the endpoint `POST /revoke`.
   *
   * @default undefined (no token can be revoked)
   */
  readonly revocations?: Revocations;
  /**
   * Stores of a driver; only `families` is used. Clients can then request a refresh token with the scope
   * `offline_access` and use it with `grant_type=refresh_token`. The key ring needs a root.
   *
   * @default undefined (no refresh tokens)
   */
  readonly stores?: Pick<Stores, 'families'>;
  /** Lifetimes of refresh tokens. */
  readonly refresh?: RefreshSettings;
  /**
   * Maximum lifetime of an access token in seconds. Give the same value to every verifier.
   *
   * @default 86_400 (one day)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * NumericDate of the deployment since which every access token of this issuer carries a proof of issuance. For one
   * token lifetime after that, clients can revoke their own tokens that have no proof. Such tokens cannot be exchanged,
   * and introspection reports them as inactive.
   *
   * @default undefined (every token carries a proof)
   */
  readonly provenanceSince?: NumericDate;
  /**
   * Failed authentications per client address before the router rejects its requests (429).
   *
   * @default { failuresPerMinute: 30 }
   */
  readonly throttle?: ThrottleOptions;
  /**
   * Receives audit events for issued tokens and rejected requests.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * @default the system time
   */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<TokenRouterOptions> = {
  keyRing: true,
  issuer: true,
  audience: true,
  apiKeys: true,
  claims: true,
  revocations: true,
  stores: true,
  refresh: true,
  maxTokenLifetimeSeconds: true,
  provenanceSince: true,
  throttle: true,
  signing: true,
  verification: true,
  audit: true,
  clock: true,
};

/** Valid options, with their defaults. */
export type TokenRouterSettings = TokenRouterOptions & Required<Pick<TokenRouterOptions, keyof Defaulted>>;

type Defaulted = Pick<
  TokenRouterOptions,
  'refresh' | 'maxTokenLifetimeSeconds' | 'throttle' | 'audit' | 'clock'
>;

/** @throws TypeError if an option is missing, unknown or malformed */
export function resolveTokenRouterOptions(options: TokenRouterOptions): TokenRouterSettings {
  assertOptions(options, KNOWN, 'tokenRouter');
  const { keyRing, apiKeys, audience, revocations, stores } = options;
  const { refresh = {}, throttle = {}, audit = noAuditTrail, clock = systemClock } = options;
  internalsOf(keyRing);
  assertMethod(
    apiKeys,
    'authenticate',
    'tokenRouter: apiKeys must be an ApiKeyRegistry: await watchApiKeys(...)',
  );
  if (typeof audience !== 'string') throw new TypeError('tokenRouter: audience must be one string');
  if (revocations !== undefined) {
    assertMethod(
      revocations,
      'revoke',
      'tokenRouter: revocations must be Revocations: createRevocations({ stores })',
    );
  }
  if (stores !== undefined) requireStore(stores, 'families', 'tokenRouter');
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, 'tokenRouter');
  return { ...options, refresh, throttle, audit, clock, maxTokenLifetimeSeconds };
}
