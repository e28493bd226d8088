import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { RateLimitExceededError, TemporarilyUnavailableError } from '../base/errors.js';
import {
  assertMethod,
  assertNumber,
  assertOptions,
  assertPositiveInteger,
  type KnownOptions,
} from '../base/options.js';
import { rateLimitHeaders } from '../base/rate-limit-headers.js';
import { type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import { memoryLimitStore } from '../stores/memory/memory-limit-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { DEFAULT_RATE_LIMITS, type RateLimits } from '../token/claims/claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { type Admission, createAdmission, freeAdmission } from './admission.js';
import { buildStep, type Cost, describeLimits, nameViolated } from './build-step.js';
import { type Charge, resolveCharges } from './resolve-charges.js';
import { createRunningAdmissions } from './running-admissions.js';

/**
 * What happens while the store of limits is out of reach: requests are turned away (503), each process counts by itself
 * up to a share of every limit, or they pass uncounted.
 */
export type StoreFailurePolicy =
  | { readonly kind: 'deny' }
  /** `share`: what of each limit a process admits by itself, more than 0 and up to 1; at least 1 of each. */
  | { readonly kind: 'local'; readonly share: number }
  | { readonly kind: 'allow' };

export interface LimitsOptions {
  /** Stores of a driver, of which `limits` is used: memory and LMDB count in each process, Redis across all. */
  readonly stores: Pick<Stores, 'limits'>;
  /** The API keys, whose current limits beat those in older tokens. Default: tokens say their limits. */
  readonly apiKeys?: Pick<ApiKeyRegistry, 'get'>;
  /** Limits of keys that are not in `apiKeys` and whose tokens name none. Default: those of an empty `rate_limits`. */
  readonly defaultLimits?: RateLimits;
  /** While the store is out of reach. Default `{ kind: 'deny' }`. */
  readonly onStoreFailure?: StoreFailurePolicy;
  /** How long what a crashed process held stays taken, in seconds. Default 15. */
  readonly leaseSeconds?: number;
  /** Most users of one key who are counted at a time, where it has limits for each. Default 10 000. */
  readonly maxUsersPerKey?: number;
  /** Where outages of the store are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
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

/** Limits of API keys and their users. */
export interface Limits {
  /**
   * Admits a request, or spends nothing. Whoever is admitted settles.
   * @throws RateLimitExceededError (as rejection) where a limit is reached.
   * @throws TemporarilyUnavailableError where the store is out of reach, and that means no.
   * @throws TypeError (as rejection) if `cost.tokens` is not a number from 0 to 1e12.
   */
  admit(token: VerifiedToken, cost?: Cost): Promise<Admission>;
  /** How many requests were admitted here, or wait for the store to admit them, that are not settled yet. */
  readonly running: number;
  /**
   * Resolves when all that was admitted here is settled, so that a process which ends leaves no place taken: after the
   * last request, before the store is closed. While the store is out of reach that takes up to 16 s, and the time that
   * seven attempts take to fail.
   */
  drain(): Promise<void>;
}

/**
 * Creates the limits of API keys and their users, for `limitRequests()` or for code without HTTP.
 * @throws TypeError for an option that is missing or makes no sense.
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

  const noteStore = async (degraded: boolean): Promise<void> => {
    if (degraded === isDegraded) return;
    isDegraded = degraded;
    await audit.record(
      degraded ? { type: 'limits.degraded', policy: policy.kind } : { type: 'limits.restored' },
    );
  };

  const admitBy = async (by: LimitStore, charges: readonly Charge[], { cost, share }: Attempt) => {
    const step = buildStep(charges, cost, { ...terms, share });
    // Its place is taken before the answer of the store is here: who waits for the last one waits for this one too.
    const leave = running.enter();
    try {
      const answer = await by.admit(step);
      const states = describeLimits(charges, answer);
      if (answer.kind === 'refused') {
        const waitSeconds = Math.max(...answer.refusals.map((refusal) => refusal.waitSeconds));
        throw new RateLimitExceededError(waitSeconds, states, nameViolated(charges, answer));
      }
      return createAdmission({ store: by, step, headers: rateLimitHeaders(states), onSettled: leave });
    } catch (failure) {
      leave();
      throw failure;
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
      try {
        const admission = await admitBy(store, charges, { cost, share: 1 });
        await noteStore(false);
        return admission;
      } catch (error) {
        if (!(error instanceof TemporarilyUnavailableError)) throw error;
        await noteStore(true);
        if (policy.kind === 'deny') throw error;
        return policy.kind === 'allow'
          ? freeAdmission
          : admitBy(localStore, charges, { cost, share: policy.share });
      }
    },
  });
}

interface Attempt {
  readonly cost: Cost;
  readonly share: number;
}

function resolveLimitsOptions(options: LimitsOptions) {
  assertOptions(options, KNOWN, 'createLimits');
  const { apiKeys, defaultLimits = DEFAULT_RATE_LIMITS, onStoreFailure: policy = { kind: 'deny' } } = options;
  const { leaseSeconds = 15, maxUsersPerKey = 10_000, audit = noAuditTrail, clock = systemClock } = options;
  const store = requireStore(options.stores, 'limits', 'createLimits');
  if (apiKeys !== undefined) assertMethod(apiKeys, 'get', 'apiKeys must be an ApiKeyRegistry');
  if (!['deny', 'local', 'allow'].includes(policy.kind)) {
    throw new TypeError("onStoreFailure must be of kind 'deny', 'local' or 'allow'");
  }
  if (policy.kind === 'local') {
    assertNumber(policy.share, 'createLimits', 'onStoreFailure.share', { above: 0, to: 1, example: 0.25 });
  }
  assertNumber(leaseSeconds, 'createLimits', 'leaseSeconds', { from: 1, to: 3600, example: 15 });
  assertPositiveInteger(maxUsersPerKey, 'createLimits', 'maxUsersPerKey', 10_000);
  assertAuditTrail(audit);
  return { store, apiKeys, defaultLimits, policy, terms: { leaseSeconds, maxUsersPerKey }, audit, clock };
}
