import { RateLimitExceededError } from '../base/errors.js';
import { assertNumber } from '../base/options.js';
import { type RateLimitState, rateLimitHeaders } from '../base/rate-limit-headers.js';
import { retry } from '../base/retry.js';
import { type AdmissionStep, isUsage, type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import type { RateName, TokenRateName } from './build-step.js';

/** Actual usage of a request. */
export interface Usage {
  /** Number of model tokens: a finite number from 0 to 1e12. */
  readonly tokens: number;
}

/** Admitted request that is not settled yet. While the process runs, its lease is renewed for up to 24 hours. */
export interface Admission {
  /**
   * Response headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) with the state after the
   * admission or the last reservation.
   */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Reserve model tokens after admission, for example when the body is parsed. Several reservations add up.
   *
   * A rejected reservation costs nothing. If no tokens were reserved before, it also releases the slot and refunds the
   * request. Otherwise, the admission remains, because the earlier tokens can be in use.
   *
   * @param tokens number of tokens, 0 to 1e12
   * @throws RateLimitExceededError (as rejection) if a limit is exceeded
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable and `onStoreFailure` is `deny`
   * @throws TypeError (as rejection) if `tokens` is not a number from 0 to 1e12, or if the admission is settled
   */
  reserve(tokens: number): Promise<void>;
  /**
   * Release the slot and charge the actual usage instead of the reservation. Unused tokens are refunded. Excess usage
   * becomes debt. Only the first call has an effect.
   *
   * If the store is unavailable, the update is retried with exponential backoff for about 16 s. The promise then
   * resolves even if all retries failed.
   *
   * @param usage actual usage; default: the reservation
   * @throws TypeError (as rejection) if `usage.tokens` is not a number from 0 to 1e12. The slot is released, and the
   *   reservation counts as the usage.
   */
  settle(usage?: Usage): Promise<void>;
}

/** Admission for requests that are not counted. */
export const freeAdmission: Admission = Object.freeze({
  headers: Object.freeze({}),
  reserve: async (tokens: number) => assertTokens(tokens),
  settle: async () => undefined,
});

/** Step that a store has admitted. */
export interface AdmittedStep {
  readonly store: LimitStore;
  readonly step: AdmissionStep;
  /** Number of reserved tokens. */
  readonly tokens: number;
  /** States of all limits after the step. */
  readonly states: readonly RateLimitState[];
}

export interface AdmissionParts {
  readonly first: AdmittedStep;
  /**
   * Reserve tokens.
   *
   * @param refunds whether the admission refunds the request if the reservation is rejected
   * @returns the step, or `undefined` if the tokens are not counted
   */
  readonly reserveTokens: (tokens: number, refunds: boolean) => Promise<AdmittedStep | undefined>;
  /** Called once, when settling has succeeded or failed. */
  readonly onSettled: () => void;
}

/** Number of renewals within a lease duration. Two consecutive renewals may fail. */
const RENEWALS_PER_LEASE = 3;

/**
 * Maximum time in seconds for which a lease is renewed, longer than any stream. Afterwards, the slot is released, in
 * case the application never settles the admission.
 */
const MAX_RENEWED_SECONDS = 86_400;

/**
 * Backoff for settling. The retries take about as long as the default lease. If all of them fail, the slot is released
 * when the lease expires, and the reservation counts as the usage.
 */
const BACKOFF = { firstPauseMs: 250, longestPauseMs: 8000, retries: 6 };

/** Create the admission for an admitted step and start to renew its lease. */
export function createAdmission({ first, reserveTokens, onSettled }: AdmissionParts): Admission {
  const intervalMs = (first.step.leaseSeconds * 1000) / RENEWALS_PER_LEASE;
  let renewalsLeft = Math.ceil((MAX_RENEWED_SECONDS * 1000) / intervalMs);
  let headers = rateLimitHeaders(first.states);
  let steps: readonly AdmittedStep[] = [first];
  /** Steps whose leases are renewed. An expired lease is not renewed. */
  let leased = steps;
  /** Resolves when no reservation waits for the store. */
  let reservations: Promise<unknown> = Promise.resolve();
  let settled: Promise<void> | undefined;

  const renew = async (renewed: AdmittedStep): Promise<void> => {
    // A failed renewal is ignored: the next one follows before the lease expires.
    const isHeld = await renewed.store.renew(renewed.step).catch(() => true);
    if (!isHeld) leased = leased.filter((each) => each !== renewed);
  };
  const heartbeat = setInterval(() => {
    renewalsLeft -= 1;
    if (renewalsLeft < 0) void end('reservation');
    else for (const each of leased) void renew(each);
  }, intervalMs).unref();

  const end = (usage: Settled): Promise<void> => {
    clearInterval(heartbeat);
    settled ??= settleSteps(steps, usage)
      .then(() => reservations)
      .then(onSettled);
    return settled;
  };

  const addStep = async (tokens: number): Promise<void> => {
    const isFirst = steps.every((each) => each.tokens === 0);
    const added = await reserveTokens(tokens, isFirst).catch((failure: unknown) => {
      if (isFirst) void end('nothing');
      throw failure;
    });
    if (settled !== undefined) {
      if (added !== undefined) await settleSteps([added], 'nothing');
      throw alreadySettled();
    }
    if (added === undefined) return;
    headers = rateLimitHeaders(added.states);
    steps = [...steps, added];
    leased = [...leased, added];
  };

  return Object.freeze(
    new HeldAdmission({
      headersNow: () => headers,
      async reserve(tokens: number) {
        assertTokens(tokens);
        if (settled !== undefined) throw alreadySettled();
        const adding = addStep(tokens);
        reservations = Promise.allSettled([reservations, adding]);
        await adding.catch(async (failure: unknown) => {
          // The client may retry at once, so the slot must be free. If the store is unavailable, this would take long.
          if (failure instanceof RateLimitExceededError) await settled;
          throw failure;
        });
      },
      async settle(usage?: Usage) {
        const isCountable = usage === undefined || isUsage(usage?.tokens);
        await end(isCountable ? (usage ?? 'reservation') : 'reservation');
        if (!isCountable) assertNumber(usage?.tokens, 'settle', 'usage.tokens', USAGE_RANGE);
      },
    }),
  );
}

interface HeldAdmissionParts extends Pick<Admission, 'reserve' | 'settle'> {
  readonly headersNow: () => Admission['headers'];
}

/**
 * A class, because V8 allocates the getters of an object literal in the old generation: they, and the request that they
 * refer to, would survive until the next major garbage collection.
 */
class HeldAdmission implements Admission {
  readonly reserve: Admission['reserve'];
  readonly settle: Admission['settle'];
  readonly #headersNow: HeldAdmissionParts['headersNow'];

  constructor({ headersNow, reserve, settle }: HeldAdmissionParts) {
    this.#headersNow = headersNow;
    this.reserve = reserve;
    this.settle = settle;
  }

  get headers(): Admission['headers'] {
    return this.#headersNow();
  }
}

function assertTokens(tokens: number): void {
  assertNumber(tokens, 'reserve', 'tokens', USAGE_RANGE);
}

function alreadySettled(): TypeError {
  return new TypeError('reserve: the admission is already settled: reserve tokens before you call settle()');
}

/** Usage to charge, or whether to charge the reservation, or nothing at all, not even the request. */
type Settled = Usage | 'reservation' | 'nothing';

const NOTHING: Readonly<Record<RateName, 0>> = {
  requests_per_minute: 0,
  requests_per_hour: 0,
  tokens_per_minute: 0,
  tokens_per_month: 0,
};

/**
 * Settle all steps of an admission. Each step is charged up to its reservation, and the last one the remaining usage, so
 * that only usage beyond the sum of the reservations becomes debt.
 */
async function settleSteps(steps: readonly AdmittedStep[], usage: Settled): Promise<void> {
  let left = typeof usage === 'object' ? usage.tokens : 0;
  const settling = steps.map(({ store, step, tokens }, index) => {
    const used = index === steps.length - 1 ? left : Math.min(left, tokens);
    left -= used;
    const charged = typeof usage === 'object' ? chargeTokens(used) : usage === 'nothing' ? NOTHING : {};
    return retry(() => store.settle(step, charged), BACKOFF).catch(() => undefined);
  });
  await Promise.all(settling);
}

function chargeTokens(units: number): Readonly<Record<TokenRateName, number>> {
  return { tokens_per_minute: units, tokens_per_month: units };
}
