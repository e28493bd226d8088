import type { Clock } from 'passport-jwe';
import { explainStoreFailure, type Stores } from 'passport-jwe/stores';
import { type HealthCheck, PASSED } from './finding.js';
import { refreshedCheck } from './refreshed-check.js';

/** Lifetime of the counter that the check increments, in seconds. */
const COUNTER_SECONDS = 60;

/** Settings of `storeCheck()`. */
export interface StoreCheckSetting {
  readonly stores: Pick<Stores, 'counters' | 'isReady'>;
  readonly clock: Clock;
  /** Whether requests fail if the store rejects writes, because it counts their limits. */
  readonly isRequired: boolean;
  /** Time between two writes in milliseconds, while the store is ready. */
  readonly pauseMs: number;
  /** Deadline of a write in milliseconds. */
  readonly deadlineMs: number;
}

/**
 * Creates a check that writes to the store. A write detects a read-only store, a full disk and exhausted memory, unlike
 * a connection test.
 */
export function storeCheck({
  stores,
  clock,
  isRequired,
  pauseMs,
  deadlineMs,
}: StoreCheckSetting): HealthCheck {
  const state = isRequired ? 'failed' : 'degraded';
  let writtenAt = Number.NEGATIVE_INFINITY;
  const check = refreshedCheck({
    async inspect() {
      const startedAt = performance.now();
      if (check.read().state === 'passed' && stores.isReady() && startedAt - writtenAt < pauseMs)
        return PASSED;
      try {
        const expiresAt = clock() + COUNTER_SECONDS;
        await stores.counters.add({ name: 'readiness', amount: 1, expiresAt });
        writtenAt = startedAt;
        return PASSED;
      } catch (error) {
        const { reason, advice } = explainStoreFailure(error);
        const latest = check.read();
        // While the client reconnects, its error no longer contains the cause.
        return reason === 'unavailable' && latest.state === state ? latest : { state, reason, advice };
      }
    },
    deadlineMs,
    overdue: () => ({ state, ...explainStoreFailure({ code: 'ETIMEDOUT' }) }),
  });
  return check;
}

/** Creates a check for the revocations. Without a recent replica, every request with a token fails. */
export function revocationCheck({ revocations }: Pick<Stores, 'revocations'>): HealthCheck {
  return {
    read() {
      try {
        revocations.completeSince();
        return PASSED;
      } catch {
        const advice = 'Restore the connection to the store: the check "stores" has the cause';
        return { state: 'failed', reason: 'replica_outdated', advice };
      }
    },
  };
}
