import { type Clock, systemClock } from '../../base/clock.js';
import { debugConfiguration } from '../../base/debug-configuration.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { memoryCounterStore } from './memory-counter-store.js';
import { memoryFamilyStore } from './memory-family-store.js';
import { memoryLimitStore } from './memory-limit-store.js';
import { memoryReplayStore } from './memory-replay-store.js';
import { memoryRevocationStore } from './memory-revocation-store.js';

export interface MemoryStoresOptions extends StoreBounds {
  /**
   * Clock that determines when entries expire.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<MemoryStoresOptions> = {
  maxRevocations: true,
  maxRevocationsPerClient: true,
  clock: true,
};

/**
 * Create in-memory stores. Their contents are lost when the process exits, and other processes cannot read them. Use
 * them in tests and in development. In production, use them only if you can afford to lose revocations on a restart.
 *
 * @throws TypeError if an option is unknown, or a capacity is not a positive integer.
 * @example
 * const stores = createMemoryStores();
 * const revocations = createRevocations({ stores });
 */
export function createMemoryStores(options: MemoryStoresOptions = {}): Stores {
  assertOptions(options, KNOWN, 'createMemoryStores');
  const { clock = systemClock } = options;
  const bounds = resolveBounds(options, 'createMemoryStores');
  debugConfiguration('createMemoryStores', () => bounds);
  return Object.freeze({
    revocations: memoryRevocationStore(bounds, clock),
    families: memoryFamilyStore(clock),
    counters: memoryCounterStore(clock),
    limits: memoryLimitStore(clock),
    replays: memoryReplayStore(clock),
    isReady: () => true,
    close: async () => undefined,
  });
}
