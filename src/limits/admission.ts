import { assertNumber } from '../base/options.js';
import { retry } from '../base/retry.js';
import { type AdmissionStep, isUsage, type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import { TOKEN_RATES } from './build-step.js';

/** Actual usage of a request. */
export interface Usage {
  /** Number of model tokens: a finite number from 0 to 1e12. */
  readonly tokens: number;
}

/** Admitted request that is not settled yet. While the process runs, its lease is renewed for up to 24 hours. */
export interface Admission {
  /** Response headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>;
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
  settle: async () => undefined,
});

export interface AdmissionParts {
  readonly store: LimitStore;
  readonly step: AdmissionStep;
  readonly headers: Readonly<Record<string, string>>;
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
export function createAdmission({ store, step, headers, onSettled }: AdmissionParts): Admission {
  const intervalMs = (step.leaseSeconds * 1000) / RENEWALS_PER_LEASE;
  let renewalsLeft = Math.ceil((MAX_RENEWED_SECONDS * 1000) / intervalMs);
  let isHeld = true;
  let settled: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    // A failed renewal is ignored: the next one follows before the lease expires. An expired lease is not renewed.
    isHeld = await store.renew(step).catch(() => true);
  };
  const heartbeat = setInterval(() => {
    renewalsLeft -= 1;
    if (renewalsLeft < 0) void settle();
    else if (isHeld) void renew();
  }, intervalMs).unref();

  const settle = async (usage?: Usage): Promise<void> => {
    const isCountable = usage === undefined || isUsage(usage?.tokens);
    clearInterval(heartbeat);
    settled ??= settleStep(store, step, isCountable ? usage : undefined).finally(onSettled);
    await settled;
    if (!isCountable) assertNumber(usage?.tokens, 'settle', 'usage.tokens', USAGE_RANGE);
  };
  return Object.freeze({ headers, settle });
}

async function settleStep(store: LimitStore, step: AdmissionStep, usage: Usage | undefined): Promise<void> {
  const used = usage === undefined ? {} : Object.fromEntries(TOKEN_RATES.map((name) => [name, usage.tokens]));
  await retry(() => store.settle(step, used), BACKOFF).catch(() => undefined);
}
