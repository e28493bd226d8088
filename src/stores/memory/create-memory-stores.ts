import { type Clock, systemClock } from '../../base/clock.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { memoryCounterStore } from './memory-counter-store.js';
import { memoryFamilyStore } from './memory-family-store.js';
import { memoryLimitStore } from './memory-limit-store.js';
import { memoryRevocationStore } from './memory-revocation-store.js';

export interface MemoryStoresOptions extends StoreBounds {
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<MemoryStoresOptions> = {
  maxRevocations: true,
  maxRevocationsPerClient: true,
  clock: true,
};

/**
 * Keeps everything in the memory of one process: gone when it ends, unknown to others. For tests, for development,
 * and where tokens live so short that a restart may forget what was revoked.
 * @throws TypeError for a bound that is not a positive integer.
 */
export function createMemoryStores(options: MemoryStoresOptions = {}): Stores {
  assertOptions(options, KNOWN, 'createMemoryStores');
  const { clock = systemClock } = options;
  return Object.freeze({
    revocations: memoryRevocationStore(resolveBounds(options, 'createMemoryStores'), clock),
    families: memoryFamilyStore(clock),
    counters: memoryCounterStore(clock),
    limits: memoryLimitStore(clock),
    isReady: () => true,
    close: async () => undefined,
  });
}
