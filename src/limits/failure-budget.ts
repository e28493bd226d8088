import { type Clock, forwardOnly, type NumericDate } from '../base/clock.js';
import { ExpiringMap } from '../base/expiring-map.js';
import { emissionIntervalMs, TOLERANCE_MS } from '../stores/limit-store.js';

/** Most names with failures. Further names are not counted: a full table must not lock everybody out. */
const MAX_NAMES = 1_000_000;

export interface FailureRate {
  readonly quota: number;
  readonly windowSeconds: number;
}

/** A failure that is reserved until the verdict. */
export interface FailureReservation {
  /** Counts the failure, or gives it back. Only the first call counts. */
  settle(failed: boolean): void;
}

/** Failures that each name may have in a window (GCRA), counted in this process. */
export interface FailureBudget {
  /** Failures that are left, without those that are reserved. */
  remaining(name: string): number;
  /**
   * Reserves one failure. While everything that is left is reserved, the caller waits for earlier verdicts in the order
   * of arrival, so that no success is rejected because other attempts are in flight.
   * @returns `undefined` if no failure is left.
   */
  reserve(name: string): Promise<FailureReservation | undefined>;
}

interface Spending {
  /** Milliseconds since 1970 at which every failure has been refilled. */
  readonly spentUntil: number;
  readonly expiresAt: NumericDate;
}

/** Attempts of one name that have no verdict yet. */
interface Attempts {
  reserved: number;
  readonly waiting: ((reservation: FailureReservation | undefined) => void)[];
}

export function createFailureBudget(rate: FailureRate, machineClock: Clock): FailureBudget {
  const clock = forwardOnly(machineClock);
  const intervalMs = emissionIntervalMs(rate);
  const spendings = new ExpiringMap<Spending>(clock);
  const attempts = new Map<string, Attempts>();

  const remaining = (name: string): number => {
    const spentMs = Math.max(0, (spendings.get(name)?.spentUntil ?? 0) - clock() * 1000);
    return Math.floor((rate.windowSeconds * 1000 - spentMs + TOLERANCE_MS) / intervalMs);
  };

  const spend = (name: string): void => {
    const known = spendings.get(name);
    if (known === undefined && spendings.size >= MAX_NAMES) return;
    const spentUntil = Math.max(known?.spentUntil ?? 0, clock() * 1000) + intervalMs;
    spendings.set(name, { spentUntil, expiresAt: spentUntil / 1000 });
  };

  /** Lets waiting attempts go on as far as failures are left; rejects all of them once none is. */
  const proceed = (name: string, pending: Attempts): void => {
    while (pending.waiting.length > 0) {
      const left = remaining(name);
      if (left >= 1 && pending.reserved >= left) return;
      pending.waiting.shift()?.(left >= 1 ? take(name, pending) : undefined);
    }
    if (pending.reserved === 0) attempts.delete(name);
  };

  const take = (name: string, pending: Attempts): FailureReservation => {
    pending.reserved += 1;
    let isSettled = false;
    return {
      settle(failed) {
        if (isSettled) return;
        isSettled = true;
        pending.reserved -= 1;
        if (failed) spend(name);
        proceed(name, pending);
      },
    };
  };

  return {
    remaining,
    reserve(name) {
      const pending = attempts.get(name) ?? { reserved: 0, waiting: [] };
      attempts.set(name, pending);
      return new Promise((resolve) => {
        pending.waiting.push(resolve);
        proceed(name, pending);
      });
    },
  };
}
