import { assertNumber } from '../base/options.js';
import { retry } from '../base/retry.js';
import { type AdmissionStep, isUsage, type LimitStore, USAGE_RANGE } from '../stores/limit-store.js';
import { TOKEN_RATES } from './build-step.js';

/** What a request really used. */
export interface Usage {
  /** Model tokens, a finite number from 0 to 1e12. */
  readonly tokens: number;
}

/** A request that runs, until it is settled. Its lease is renewed for up to 24 hours, while this process lives. */
export interface Admission {
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Frees its slot and replaces the reservation with the actual usage: less is given back, more becomes debt. Only the
   * first call counts. While the store is unavailable, it is retried with exponential backoff for about 16 s.
   * @param usage Default: as reserved.
   * @throws TypeError (as rejection) if `usage.tokens` is not a number from 0 to 1e12. The slot is freed all the same,
   *   and the request counts as reserved.
   */
  settle(usage?: Usage): Promise<void>;
}

/** Where nothing is counted there is nothing to settle. */
export const freeAdmission: Admission = Object.freeze({
  headers: Object.freeze({}),
  settle: async () => undefined,
});

export interface AdmissionParts {
  readonly store: LimitStore;
  readonly step: AdmissionStep;
  readonly headers: Readonly<Record<string, string>>;
  /** Told once it is settled, or could not be. */
  readonly onSettled: () => void;
}

/** Renewals in one lease: two of them may be lost. */
const RENEWALS_PER_LEASE = 3;

/** Longer than any stream. An admission that is never settled by mistake frees its slot after this time. */
const MAX_RENEWED_SECONDS = 86_400;

/**
 * The retries of settling take as long as a lease lasts by default. By then the slot is free by itself; what could not be
 * settled stays as reserved.
 */
const BACKOFF = { firstPauseMs: 250, longestPauseMs: 8000, retries: 6 };

export function createAdmission({ store, step, headers, onSettled }: AdmissionParts): Admission {
  const intervalMs = (step.leaseSeconds * 1000) / RENEWALS_PER_LEASE;
  let renewalsLeft = Math.ceil((MAX_RENEWED_SECONDS * 1000) / intervalMs);
  let isHeld = true;
  let settled: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    // A renewal that fails is made good by the next one. A lease that has ended is not renewed any more.
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
