import { assertNumber } from '../base/options.js';
import { retry } from '../base/retry.js';
import { type AdmissionStep, isUsage, type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import { TOKEN_RATES } from './build-step.js';

/** Actual usage of a request. */
export interface Usage {
  /** Model tokens, a finite number from 0 to 1e12. */
  readonly tokens: number;
}

/** An admitted request, until it is settled. While the process runs, its lease is renewed for up to 24 hours. */
export interface Admission {
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Releases the slot and replaces the reservation with the actual usage: unused tokens are returned, excess usage
   * becomes debt. Only the first call counts. While the store is unavailable, it is retried with exponential backoff
   * for about 16 s.
   *
   * @param usage actual usage; default: the reservation
   * @throws TypeError (as rejection) if `usage.tokens` is not a number from 0 to 1e12. The slot is released
   *   nevertheless, and the request counts as reserved.
   */
  settle(usage?: Usage): Promise<void>;
}

/** Admission of an uncounted request. */
export const freeAdmission: Admission = Object.freeze({
  headers: Object.freeze({}),
  settle: async () => undefined,
});

export interface AdmissionParts {
  readonly store: LimitStore;
  readonly step: AdmissionStep;
  readonly headers: Readonly<Record<string, string>>;
  /** Called once after the admission is settled, or settling has failed. */
  readonly onSettled: () => void;
}

/** Renewals per lease. Two consecutive renewals may fail. */
const RENEWALS_PER_LEASE = 3;

/** Longer than any stream. An admission that is never settled by mistake releases its slot after this time. */
const MAX_RENEWED_SECONDS = 86_400;

/**
 * Retries of settling take as long as the default lease. The slot is released when the lease expires. If settling
 * fails, the reservation counts as the usage.
 */
const BACKOFF = { firstPauseMs: 250, longestPauseMs: 8000, retries: 6 };

export function createAdmission({ store, step, headers, onSettled }: AdmissionParts): Admission {
  const intervalMs = (step.leaseSeconds * 1000) / RENEWALS_PER_LEASE;
  let renewalsLeft = Math.ceil((MAX_RENEWED_SECONDS * 1000) / intervalMs);
  let isHeld = true;
  let settled: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    // The next renewal makes up for a failed one. An expired lease is not renewed.
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
