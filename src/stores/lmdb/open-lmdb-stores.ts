import { type Clock, systemClock } from '../../base/clock.js';
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
  /** Directory of the store, on a local disk; made with mode 0700 where there is none. */
  readonly path: string;
  /**
   * File that shows whether the store was restored from a backup. Put it where a backup or snapshot of the store does not
   * reach, such as another disk; it is a file of one store, and its processes must agree on it.
   *
   * @default `<path>.generation`, or `<path>/generation` if `path` is a mount point or its parent is read-only
   */
  readonly generationFile?: string;
  /**
   * Whether to accept a store that was restored from a backup. All tokens issued until then count as revoked, and all
   * refresh-token families end. Has no effect on a store that was not restored.
   *
   * @default false (`openLmdbStores` rejects)
   */
  readonly acceptRestore?: boolean;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** The stores in an LMDB environment. */
export interface LmdbStores extends Stores {
  /**
   * Writes a backup of the whole store: one consistent state, on disk once the promise resolves, while this and other
   * processes go on writing. Restored, it is rejected at the opening if the store changed since.
   *
   * @param directory where `data.mdb` is written; created with mode 0700 if it does not exist.
   * @throws TypeError (as rejection) for a path that is no non-empty string.
   * @throws Error (as rejection) if the directory already has a `data.mdb`, or no room for it.
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
 * Keeps everything in an LMDB environment: on disk once a promise resolves, and shared by all processes of one
 * machine. A new environment refuses the tokens that were issued before it, since which of them were revoked is
 * not known; it opens within the next whole second, as `iat` has no fractions. Limits alone are counted in memory, by
 * each process for itself: a request is not worth a write to the disk.
 * @throws TypeError for an option that is missing or makes no sense.
 * @throws RestoredStoreError with the code `ERR_STORE_RESTORED` if the store was restored from a backup; see
 * `acceptRestore`.
 * @throws Error where the package `lmdb` is missing, or where the environment cannot be opened: it names the path, what is
 * in the way (no room, no right to write, a file that is damaged or of something else) and what to do.
 */
export async function openLmdbStores(options: OpenLmdbStoresOptions): Promise<LmdbStores> {
  const { clock, bounds, ...setting } = resolveLmdbStoresOptions(options);

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
  if (typeof acceptRestore !== 'boolean') throw new TypeError('acceptRestore must be true or false');
  return { path, generationFile, acceptRestore, clock, bounds: resolveBounds(options, 'openLmdbStores') };
}
