import type { Clock, NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { ExpiringMap } from '../../base/expiring-map.js';
import { assertStep, type CounterStore } from '../counter-store.js';

/** Maximum number of counters. A full store rejects new counters and evicts none. */
const MAX_COUNTERS = 1_000_000;

interface Counter {
  readonly total: number;
  readonly expiresAt: NumericDate;
}

export function memoryCounterStore(clock: Clock): CounterStore {
  const counters = new ExpiringMap<Counter>(clock);

  return {
    async add(step) {
      assertStep(step);
      const { name, amount, limit = Number.MAX_SAFE_INTEGER } = step;
      const present = counters.get(name);
      const total = (present?.total ?? 0) + amount;
      if (total > limit) return undefined;
      if (present === undefined && counters.size >= MAX_COUNTERS) throw full();
      counters.set(name, { total, expiresAt: Math.max(step.expiresAt, present?.expiresAt ?? 0) });
      return total;
    },
    async read(name) {
      return counters.get(name)?.total ?? 0;
    },
  };
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The in-memory counter store is full (${MAX_COUNTERS} counters): use Redis or LMDB stores instead`,
    ),
  });
}
