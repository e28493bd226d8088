import { SURPLUS_SCOPES, type SurplusScopes } from '../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { hasQueryOrFragment } from '../base/has-query-or-fragment.js';
import { assertMethod, assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { CorsOptions } from '../http/answer-cors.js';
import {
  type CertificateSource,
  type MutualTlsOptions,
  resolveMutualTls,
} from '../http/mutual-tls-options.js';
import type { RejectionHookOption } from '../http/rejection-hook.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { SignatureOptions } from '../keys/resolve-verification.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import type { RefreshSettings } from '../sessions/refresh-settings.js';
import type { Stores } from '../stores/stores.js';
import { resolveTokenLifetime } from '../token/claims/claims-policy.js';
import { assertRouterStores } from './assert-router-stores.js';
import type { ClaimsHook } from './grants/issue-access-token.js';
import {
  type IdentityProviders,
  type IdentityProvidersOptions,
  resolveIdentityProviders,
} from './id-tokens/resolve-identity-providers.js';
import { type PreviousIssuersOption, resolvePreviousIssuers } from './previous-issuers.js';
import type { TokenRouterDpopOptions } from './router-dpop.js';
import type { ThrottleOptions } from './throttle-failures.js';
import {
  resolveUserDirectories,
  type UserDirectories,
  type UserDirectoriesOptions,
} from './users/user-directories-options.js';
import {
  resolveWorkloadIssuers,
  type WorkloadIssuer,
  type WorkloadIssuers,
} from './workloads/workload-issuers.js';

/** Options of `tokenRouter()`: the keys, clients, stores and limits of the authorization server. */
export interface TokenRouterOptions
  extends SignatureOptions,
    UserDirectoriesOptions,
    IdentityProvidersOptions,
    PreviousIssuersOption,
    RejectionHookOption {
  /** Key ring that encrypts the tokens. */
  readonly keyRing: KeyRing;
  /**
   * `iss` of every token, without query and fragment (RFC 8414 §2). The router never derives this value from the `Host`
   * header. RFC 9068 §2.2.
   */
  readonly issuer: string;
  /** Audience of tokens for API keys that list no audience. */
  readonly audience: string;
  /** API keys of the clients: `await watchApiKeys({ directory })`, or `loadApiKeys()` to read the files only once. */
  readonly apiKeys: ApiKeyRegistry;
  /**
   * Hook that adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claims?: ClaimsHook;
  /**
   * Revocations from `createRevocations({ stores })`. This option adds the endpoint `POST /revoke`.
   *
   * @default undefined (no token can be revoked)
   */
  readonly revocations?: Revocations;
  /**
   * Stores of a driver, of which only these are used:
   *
   * - `families`: clients can request refresh tokens with the scope token `offline_access`, and use them with
   *   `grant_type=refresh_token`. The current key must be a root.
   * - `counters`: clients whose API key has `jwks` or `jwks_uri` can authenticate with signed assertions, and ID-JAGs and
   *   ID tokens are accepted. The store records used assertions, so all processes must share it.
   * - `replays`: the option `dpop` requires this record of used proofs. All processes must share it.
   *
   * @default undefined (no refresh tokens, no signed assertions and no DPoP)
   */
  readonly stores?: Partial<Pick<Stores, 'families' | 'counters' | 'replays'>>;
  /**
   * Lifetimes of refresh tokens.
   *
   * @default {} (idle 30 days, absolute 90 days)
   */
  readonly refresh?: RefreshSettings;
  /**
   * Issuers of workload identities, for example Kubernetes clusters. With this option, workloads that API keys list in
   * `workloads` exchange their JWTs for access tokens with the grant type `jwt-bearer`. RFC 7523 §2.1.
   *
   * @default [] (no workload identities)
   */
  readonly workloadIssuers?: readonly WorkloadIssuer[];
  /**
   * Maximum lifetime of an access token in seconds. Set the same value in every verifier.
   *
   * @default 86_400 (one day)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Time of the deployment since which all access tokens of this issuer carry a proof of issuance, as a NumericDate.
   *
   * For one token lifetime after this time, clients can still revoke their own tokens without a proof. These tokens
   * cannot be exchanged, and introspection reports them as inactive.
   *
   * @default undefined (every token carries a proof)
   */
  readonly provenanceSince?: NumericDate;
  /**
   * DPoP: tokens are bound to the key of the client, which proves possession of the key with each request. Requires
   * `stores.replays`.
   *
   * @default undefined (the header `DPoP` is ignored, and all tokens are bearer tokens)
   * @see RFC 9449 §5
   */
  readonly dpop?: TokenRouterDpopOptions;
  /**
   * Mutual TLS: source of the client certificates. API keys with `tls_client_auth` or `self_signed_tls_client_auth`
   * authenticate by certificate, and their tokens are bound to it.
   *
   * @default undefined (certificates have no effect)
   * @see RFC 8705
   */
  readonly mutualTls?: MutualTlsOptions;
  /**
   * Treatment of requested scope tokens that the client may not receive (RFC 6749 §3.3): fail with `invalid_scope`, or
   * issue a token with the other requested scope tokens. `surplus_scopes` of an API key takes precedence.
   *
   * @default 'reject'
   */
  readonly surplusScopes?: SurplusScopes;
  /**
   * Limit on failed authentications per client address. Above the limit, the router rejects requests with 429.
   *
   * @default { failuresPerMinute: 30 }
   */
  readonly throttle?: ThrottleOptions;
  /**
   * Web pages that may call `/token`, `/revoke` and `/jwks`. A page cannot keep an API key secret, so allow only pages
   * that use refresh tokens of public clients.
   *
   * @default undefined (no page of another origin)
   */
  readonly cors?: CorsOptions;
  /**
   * Audit trail that receives events for issued tokens and rejected requests.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Source of the current time, for example `createSteadyClock()`.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<TokenRouterOptions> = {
  ...{ keyRing: true, issuer: true, audience: true, apiKeys: true, claims: true, revocations: true },
  ...{
    stores: true,
    refresh: true,
    maxTokenLifetimeSeconds: true,
    provenanceSince: true,
    previousIssuers: true,
  },
  ...{ directories: true, directoryStaleSeconds: true, identityProviders: true, workloadIssuers: true },
  ...{ dpop: true, mutualTls: true, surplusScopes: true, throttle: true, signing: true },
  ...{ verification: true, cors: true, onRejected: true, audit: true, clock: true },
};

/** Validated options of `tokenRouter()`, with defaults applied. */
export type TokenRouterSettings = Omit<
  TokenRouterOptions,
  'workloadIssuers' | 'mutualTls' | 'directories' | 'identityProviders'
> &
  Required<Pick<TokenRouterOptions, keyof Defaulted>> & {
    readonly workloadIssuers: WorkloadIssuers;
    readonly directories: UserDirectories;
    readonly identityProviders: IdentityProviders;
    /** Source of the client certificates. `undefined` without the option `mutualTls`. */
    readonly certificateSource: CertificateSource | undefined;
  };

type Defaulted = Pick<
  TokenRouterOptions,
  'refresh' | 'maxTokenLifetimeSeconds' | 'previousIssuers' | 'surplusScopes' | 'throttle' | 'audit' | 'clock'
>;

/**
 * Validate the options of `tokenRouter()` and apply the defaults.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function resolveTokenRouterOptions(options: TokenRouterOptions): TokenRouterSettings {
  assertOptions(options, KNOWN, 'tokenRouter');
  const { keyRing, apiKeys, audience, revocations, stores } = options;
  const { refresh = {}, surplusScopes = 'reject', throttle = {} } = options;
  const { audit = noAuditTrail, clock = systemClock } = options;
  internalsOf(keyRing, 'tokenRouter');
  assertString(options.issuer, 'tokenRouter', 'issuer', 'https://auth.example.com');
  if (hasQueryOrFragment(options.issuer)) {
    throw new TypeError(
      'tokenRouter: issuer must not contain a query or a fragment: remove them, for example "https://auth.example.com"',
    );
  }
  assertMethod(
    apiKeys,
    'authenticate',
    'tokenRouter: apiKeys must be an ApiKeyRegistry: pass await watchApiKeys(...)',
  );
  if (typeof audience !== 'string') {
    throw new TypeError('tokenRouter: audience must be a string, for example "https://api.example.com"');
  }
  if (revocations !== undefined) {
    assertMethod(
      revocations,
      'revoke',
      'tokenRouter: revocations must be Revocations: pass createRevocations({ stores })',
    );
  }
  assertAuditTrail(audit, 'tokenRouter');
  if (!SURPLUS_SCOPES.includes(surplusScopes))
    throw new TypeError('tokenRouter: surplusScopes must be "reject" or "narrow"');
  assertRouterStores(stores);
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, 'tokenRouter');
  const workloadIssuers = resolveWorkloadIssuers(options.workloadIssuers ?? [], options.issuer);
  const directories = resolveUserDirectories(options, 'tokenRouter');
  const { issuer } = options;
  const identityProviders = resolveIdentityProviders(options, {
    ...{ issuer, directories, counters: stores?.counters },
  });
  const { mutualTls, ...others } = options;
  const certificateSource = mutualTls === undefined ? undefined : resolveMutualTls(mutualTls, 'tokenRouter');
  const limits = { refresh, surplusScopes, throttle, maxTokenLifetimeSeconds };
  const previousIssuers = resolvePreviousIssuers(options);
  return {
    ...others,
    ...{ ...limits, previousIssuers, audit, clock },
    workloadIssuers,
    directories,
    identityProviders,
    certificateSource,
  };
}
