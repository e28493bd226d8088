import { type Clock, systemClock } from '../../base/clock.js';
import { debugConfiguration } from '../../base/debug-configuration.js';
import { assertOptions, assertString, type KnownOptions } from '../../base/options.js';
import { memoryLimitStore } from '../memory/memory-limit-store.js';
import { untilTime } from '../store-start.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { backUp } from './back-up.js';
import { lmdbCounterStore } from './lmdb-counter-store.js';
import { lmdbFamilyStore } from './lmdb-family-store.js';
import { lmdbRevocationStore } from './lmdb-revocation-store.js';
import { openEnvironment } from './open-environment.js';
import { watchWrites } from './watch-writes.js';

export { RestoredStoreError } from './restored-store-error.js';

export interface OpenLmdbStoresOptions extends StoreBounds {
  /** Directory of the store, on a local disk. Created with mode 0700 if it does not exist. */
  readonly path: string;
  /**
   * File that detects a store restored from a backup. Put it where a backup or snapshot of the store does not include
   * it, such as another disk. Each store needs its own file, and all its processes must use the same one.
   *
   * @default `<path>.generation`, or `<path>/generation` if `path` is a mount point or its parent is read-only
   */
  readonly generationFile?: string;
  /**
   * Whether to accept a store that was restored from a backup. All tokens issued until now then count as revoked, and
   * all refresh-token families end. No effect on a store that was not restored.
   *
   * @default false (`openLmdbStores` rejects)
   */
  readonly acceptRestore?: boolean;
  /**
   * Clock of the store.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/** The stores in an LMDB environment. */
export interface LmdbStores extends Stores {
  /**
   * Writes a backup of the whole store. It is one consistent snapshot, on disk once the promise resolves. This and
   * other processes can write meanwhile. If the store changes later, `openLmdbStores` rejects the restored backup.
   *
   * @param directory where `data.mdb` is written. Created with mode 0700 if it does not exist.
   * @throws TypeError (as rejection) if the path is not a non-empty string.
   * @throws Error (as rejection) if the directory already has a `data.mdb`, or has no room for it.
   * @example
   * await stores.backUp('/backups/store-2026-11-29');
   */
  backUp(directory: string): Promise<void>;
}

const KNOWN: KnownOptions<OpenLmdbStoresOptions> = {
  path: true,
  maxRevocations: true,
  maxRevocationsPerClient: true,
  generationFile: true,
  acceptRestore: true,
  clock: true,
};

/**
 * Opens stores in an LMDB environment, shared by all processes of one machine. Changes are on disk once a promise
 * resolves.
 *
 * A new store rejects all tokens issued before it was created, because their revocations are unknown. It opens at the
 * next whole second, because `iat` has no fractions (RFC 7519 §4.1.6). Rate limits are counted in memory by each
 * process, because a write to disk per request would be too slow.
 * @throws TypeError (as rejection) if an option is missing or invalid.
 * @throws RestoredStoreError (as rejection, code `ERR_STORE_RESTORED`) if the store was restored from a backup; see
 *   `acceptRestore`.
 * @throws Error (as rejection) if the package `lmdb` is missing, or if the environment cannot be opened. The message
 *   names the path, the reason (no room, no permission, a damaged or foreign file) and the remedy.
 * @example
 * const stores = await openLmdbStores({ path: 'data/store' });
 * const revocations = createRevocations({ stores });
 * // on shutdown
 * await stores.close();
 */
export async function openLmdbStores(options: OpenLmdbStoresOptions): Promise<LmdbStores> {
  const { clock, bounds, ...setting } = resolveLmdbStoresOptions(options);
  debugConfiguration('openLmdbStores', () => ({ ...setting, ...bounds }));

  const { environment, startedAt, ...stores } = await openEnvironment({ ...setting, clock }, (opened) => {
    const { startedAt } = opened;
    const environment = watchWrites(opened.environment, clock);
    return {
      environment,
      startedAt,
      revocations: lmdbRevocationStore(environment, { bounds, startedAt, clock }),
      families: lmdbFamilyStore(environment, clock),
      counters: lmdbCounterStore(environment, clock),
    };
  });
  await untilTime(startedAt, clock);
  let isOpen = true;

  return Object.freeze({
    ...stores,
    limits: memoryLimitStore(clock),
    isReady: () => isOpen && environment.isWritable(),
    backUp: (directory: string) => backUp(environment, { path: setting.path, directory }),
    async close() {
      isOpen = false;
      await environment.close();
    },
  });
}

function resolveLmdbStoresOptions(options: OpenLmdbStoresOptions) {
  assertOptions(options, KNOWN, 'openLmdbStores');
  const { path, generationFile, acceptRestore = false, clock = systemClock } = options;
  assertString(path, 'openLmdbStores', 'path');
  if (generationFile !== undefined) assertString(generationFile, 'openLmdbStores', 'generationFile');
  if (typeof acceptRestore !== 'boolean')
    throw new TypeError('openLmdbStores: acceptRestore must be a boolean');
  return { path, generationFile, acceptRestore, clock, bounds: resolveBounds(options, 'openLmdbStores') };
}
