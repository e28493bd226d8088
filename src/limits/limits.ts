import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { RateLimitExceededError, TemporarilyUnavailableError } from '../base/errors.js';
import {
  assertMethod,
  assertNumber,
  assertObject,
  assertOptions,
  assertPositiveInteger,
  type KnownOptions,
} from '../base/options.js';
import { explainStoreFailure } from '../stores/explain-store-failure.js';
import { type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import { memoryLimitStore } from '../stores/memory/memory-limit-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { DEFAULT_RATE_LIMITS, type RateLimits } from '../token/claims/rate-limits.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import {
  type Admission,
  type AdmissionParts,
  type AdmittedStep,
  createAdmission,
  freeAdmission,
} from './admission.js';
import { buildReservation, buildStep, type Cost, describeLimits, nameViolated } from './build-step.js';
import { type Charge, resolveCharges } from './resolve-charges.js';
import { createRunningAdmissions } from './running-admissions.js';
import type { StoreFailurePolicy } from './store-failure-policy.js';

/** Options of `createLimits()`. */
export interface LimitsOptions {
  /** Stores, of which only `limits` is required. Redis counts across all processes, memory and LMDB in each process. */
  readonly stores: Pick<Stores, 'limits'>;
  /**
   * API key registry. The current limits of an API key take precedence over the limits in its tokens.
   *
   * @default undefined (the limits in the tokens apply)
   */
  readonly apiKeys?: Pick<ApiKeyRegistry, 'get'>;
  /**
   * Limits for API keys that are not in `apiKeys` and whose tokens contain no limits, and for clients of trusted
   * issuers.
   *
   * @default the limits of an empty `rate_limits`
   */
  readonly defaultLimits?: RateLimits;
  /**
   * Behavior while the limit store is unavailable.
   *
   * @default { kind: 'deny' }
   */
  readonly onStoreFailure?: StoreFailurePolicy;
  /**
   * Lease duration in seconds, 1 to 3600. After a crash, slots are released when their lease expires.
   *
   * @default 15
   */
  readonly leaseSeconds?: number;
  /**
   * Maximum number of users per API key that are counted at the same time. Requests of further users are rejected. It
   * applies only to API keys with limits per user, and to trusted issuers.
   *
   * @default 10_000
   */
  readonly maxUsersPerKey?: number;
  /**
   * Audit trail that records outages of the limit store.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Clock for the limits that are counted in this process.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<LimitsOptions> = {
  stores: true,
  apiKeys: true,
  defaultLimits: true,
  onStoreFailure: true,
  leaseSeconds: true,
  maxUsersPerKey: true,
  audit: true,
  clock: true,
};

/** Admits requests according to the limits of API keys and their users. */
export interface Limits {
  /**
   * Admit a request and reserve its cost. The caller must settle the admission. A rejected request costs nothing.
   *
   * @throws RateLimitExceededError (as rejection) if a limit is exceeded
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable and `onStoreFailure` is `deny`
   * @throws TypeError (as rejection) if `cost.tokens` is not a number from 0 to 1e12
   */
  admit(token: VerifiedToken, cost?: Cost): Promise<Admission>;
  /** Number of unsettled requests in this process, including requests that wait for the store. */
  readonly running: number;
  /**
   * Wait until all admissions of this process are settled, so that no slot remains in use after shutdown. Call it
   * after the last request and before you close the store. If the store is unavailable, it takes up to 16 s plus the
   * time of seven failed attempts.
   */
  drain(): Promise<void>;
}

/**
 * Create the limits of API keys and their users. Pass them to `limitRequests()`, or call `admit()` in code without
 * HTTP.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * app.use(limitRequests({ limits: createLimits({ stores, apiKeys }) }));
 */
export function createLimits(options: LimitsOptions): Limits {
  const { store, apiKeys, defaultLimits, policy, terms, audit, clock } = resolveLimitsOptions(options);
  const lookup = { findKey: (keyId: string) => apiKeys?.get(keyId), defaultLimits };
  const localStore = memoryLimitStore(clock);
  const running = createRunningAdmissions();
  let isDegraded = false;

  const noteAvailable = async (): Promise<void> => {
    if (!isDegraded) return;
    isDegraded = false;
    await audit.record({ type: 'limits.restored' });
  };
  const noteFailure = async (error: unknown): Promise<void> => {
    if (isDegraded) return;
    isDegraded = true;
    await audit.record({ type: 'limits.degraded', policy: policy.kind, ...explainStoreFailure(error) });
  };

  const admitBy = async (
    by: LimitStore,
    charges: readonly Charge[],
    attempt: Attempt,
  ): Promise<AdmittedStep> => {
    const { tokens, share, kind } = attempt;
    const build = kind === 'request' ? buildStep : buildReservation;
    const step = build(charges, { tokens }, { ...terms, share });
    const answer = await by.admit(step);
    if (answer.kind === 'admitted') {
      return { store: by, step, tokens, states: describeLimits(charges, answer) };
    }
    const states = describeLimits(charges, answer, kind === 'refundable' ? 1 : 0);
    const waitSeconds = Math.max(...answer.refusals.map((refusal) => refusal.waitSeconds));
    throw new RateLimitExceededError(waitSeconds, states, nameViolated(charges, answer));
  };

  /** Admit by the store or, while it is unavailable, by the policy. Resolve with `undefined` for a free admission. */
  const admitByPolicy = async (charges: readonly Charge[], asked: Omit<Attempt, 'share'>) => {
    try {
      const admitted = await admitBy(store, charges, { ...asked, share: 1 });
      await noteAvailable();
      return admitted;
    } catch (error) {
      if (!(error instanceof TemporarilyUnavailableError)) throw error;
      await noteFailure(error);
      if (policy.kind === 'deny') throw error;
      if (policy.kind === 'allow') return undefined;
      return admitBy(localStore, charges, { ...asked, share: policy.share });
    }
  };

  return Object.freeze({
    get running() {
      return running.count;
    },

    drain: () => running.whenNone(),

    async admit(token: VerifiedToken, cost: Cost = {}) {
      const { tokens = 0 } = cost;
      assertNumber(tokens, 'admit', 'cost.tokens', USAGE_RANGE);
      const charges = resolveCharges(token, lookup);
      // Counted before the store responds, so that `drain()` also waits for this request.
      const leave = running.enter();
      try {
        const first = await admitByPolicy(charges, { kind: 'request', tokens });
        if (first === undefined) {
          leave();
          return freeAdmission;
        }
        const reserveTokens: AdmissionParts['reserveTokens'] = (more, refunds) => {
          const asked = { kind: refunds ? 'refundable' : 'tokens', tokens: more } as const;
          // A request that this process counts remains here, although the store can be available again.
          return first.store === localStore && policy.kind === 'local'
            ? admitBy(localStore, charges, { ...asked, share: policy.share })
            : admitByPolicy(charges, asked);
        };
        return createAdmission({ first, reserveTokens, onSettled: leave });
      } catch (failure) {
        leave();
        throw failure;
      }
    },
  });
}

/** Step to admit: a request, or tokens for an admitted request. `refundable`: a rejection also refunds the request. */
interface Attempt {
  readonly kind: 'request' | 'tokens' | 'refundable';
  readonly tokens: number;
  readonly share: number;
}

const NO_REGISTRY =
  'createLimits: apiKeys must be an ApiKeyRegistry: pass the result of await watchApiKeys({ ... })';

function resolveLimitsOptions(options: LimitsOptions) {
  assertOptions(options, KNOWN, 'createLimits');
  const { apiKeys, defaultLimits = DEFAULT_RATE_LIMITS, onStoreFailure: policy = { kind: 'deny' } } = options;
  const { leaseSeconds = 15, maxUsersPerKey = 10_000, audit = noAuditTrail, clock = systemClock } = options;
  const store = requireStore(options.stores, 'limits', 'createLimits');
  if (apiKeys !== undefined) assertMethod(apiKeys, 'get', NO_REGISTRY);
  assertObject(policy, 'createLimits: onStoreFailure', '{ kind: "deny" }');
  if (!['deny', 'local', 'allow'].includes(policy.kind)) {
    throw new TypeError(
      'createLimits: onStoreFailure.kind must be "deny", "local" or "allow", for example { kind: "deny" }',
    );
  }
  if (policy.kind === 'local') {
    assertNumber(policy.share, 'createLimits', 'onStoreFailure.share', { above: 0, to: 1, example: 0.25 });
  }
  assertNumber(leaseSeconds, 'createLimits', 'leaseSeconds', { from: 1, to: 3600, example: 15 });
  assertPositiveInteger(maxUsersPerKey, 'createLimits', 'maxUsersPerKey', 10_000);
  assertAuditTrail(audit, 'createLimits');
  return { store, apiKeys, defaultLimits, policy, terms: { leaseSeconds, maxUsersPerKey }, audit, clock };
}
