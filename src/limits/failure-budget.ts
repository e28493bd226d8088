import { type Clock, forwardOnly, type NumericDate } from '../base/clock.js';
import { ExpiringMap } from '../base/expiring-map.js';
import { emissionIntervalMs, TOLERANCE_MS } from '../stores/limit-store.js';

/**
 * Maximum number of names with failures. Further names are not counted, because a full table must not lock out all
 * clients.
 */
const MAX_NAMES = 1_000_000;

/** Maximum rate of failures. */
export interface FailureRate {
  /** Number of failures within the window. */
  readonly quota: number;
  readonly windowSeconds: number;
}

/** Failure that is reserved for an attempt until its outcome is known. */
export interface FailureReservation {
  /**
   * Count the failure if the attempt failed. Otherwise, it releases the reservation. Only the first call has an
   * effect.
   */
  settle(failed: boolean): void;
}

/** Limits the failures per name within a window in this process, with the generic cell rate algorithm (GCRA). */
export interface FailureBudget {
  /** Return the number of remaining failures. Reservations do not reduce this number. */
  remaining(name: string): number;
  /**
   * Reserve one failure. If all remaining failures are reserved, callers wait in order of arrival for the outcome of
   * earlier attempts. A success is therefore never rejected because of concurrent attempts.
   *
   * @returns `undefined` if no failure remains
   */
  reserve(name: string): Promise<FailureReservation | undefined>;
}

interface Spending {
  /** Time at which all failures are available again, in milliseconds since 1970. */
  readonly spentUntil: number;
  readonly expiresAt: NumericDate;
}

/** Pending attempts of one name. */
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

  /** Start waiting attempts while failures remain. If none remains, it rejects all waiting attempts. */
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
