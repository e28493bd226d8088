import { type Clock, earliestOf, type NumericDate } from '../../base/clock.js';
import { assertStep, type CounterStep, type CounterStore } from '../counter-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

interface Counter {
  readonly total: number;
  readonly expiresAt: NumericDate;
}

export function lmdbCounterStore(environment: LmdbEnvironment, clock: Clock): CounterStore {
  const counters = environment.openTable<Counter>('counters');

  const find = (name: string): Counter | undefined => {
    const counter = counters.get(name);
    return counter !== undefined && counter.expiresAt > clock() ? counter : undefined;
  };
  const addStep = ({ name, amount, limit, expiresAt }: CounterStep): number | undefined => {
    counters.sweep(earliestOf(clock));
    const present = find(name);
    const total = (present?.total ?? 0) + amount;
    if (limit !== undefined && total > limit) return undefined;
    counters.put(name, { total, expiresAt: Math.max(expiresAt, present?.expiresAt ?? 0) });
    return total;
  };

  return {
    async add(step) {
      assertStep(step);
      return environment.write(() => addStep(step));
    },
    read: async (name) => environment.read(() => find(name)?.total ?? 0),
  };
}
