import { type Clock, systemClock } from '../../base/clock.js';
import { debugConfiguration } from '../../base/debug-configuration.js';
import { assertOptions, assertString, type KnownOptions } from '../../base/options.js';
import { memoryLimitStore } from '../memory/memory-limit-store.js';
import { untilTime } from '../store-start.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { backUp } from './back-up.js';
import { lmdbCounterStore } from './lmdb-counter-store.js';
import { lmdbFamilyStore } from './lmdb-family-store.js';
import { lmdbReplayStore } from './lmdb-replay-store.js';
import { lmdbRevocationStore } from './lmdb-revocation-store.js';
import { openEnvironment } from './open-environment.js';
import { watchWrites } from './watch-writes.js';

export { RestoredStoreError } from './restored-store-error.js';

export interface OpenLmdbStoresOptions extends StoreBounds {
  /** Directory of the store, on a local disk. A missing directory is created with mode 0700. */
  readonly path: string;
  /**
   * Path of the generation file, which detects that the store was restored from a backup. Choose a location that
   * backups and snapshots of the store exclude, for example a different disk. Each store needs a separate file, which
   * all its processes share.
   *
   * @default `<path>.generation`, or `<path>/generation` if `path` is a mount point or its parent is read-only
   */
  readonly generationFile?: string;
  /**
   * Whether to open a store that was restored from a backup. All tokens issued before the opening then count as
   * revoked, and all refresh-token families end. The option has no effect on other stores.
   *
   * @default false (`openLmdbStores` rejects a restored store)
   */
  readonly acceptRestore?: boolean;
  /**
   * Clock that determines expiry and refills.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/** Stores in an LMDB environment, with a backup method. */
export interface LmdbStores extends Stores {
  /**
   * Back up the store as one consistent snapshot, without blocking writers. Resolve once the backup is on disk. If
   * the store changes after the backup, `openLmdbStores` rejects the restored backup unless `acceptRestore` is set.
   *
   * @param directory target directory for `data.mdb`. A missing directory is created with mode 0700.
   * @throws TypeError (as rejection) if the directory is not a non-empty string.
   * @throws Error (as rejection) if the directory already has a `data.mdb`, or its disk has too little room.
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
 * Open stores in an LMDB environment that all processes of one machine share. Changes are on disk once the
 * promise of a method resolves.
 *
 * A new store rejects all tokens issued before its creation, because their revocations are unknown. It opens at the
 * next whole second, because `iat` has no fractions (RFC 7519 §4.1.6). Each process counts rate limits in memory,
 * because a disk write per request would be too slow.
 *
 * @throws TypeError (as rejection) if an option is missing or invalid.
 * @throws RestoredStoreError (as rejection, code `ERR_STORE_RESTORED`) if the store was restored from a backup
 *   and `acceptRestore` is not set.
 * @throws Error (as rejection) if the package `lmdb` is missing, or if the environment cannot be opened. The message
 *   names the path, the reason and the remedy.
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
      replays: lmdbReplayStore(environment, clock),
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
  assertString(path, 'openLmdbStores', 'path', 'store');
  if (generationFile !== undefined) {
    assertString(generationFile, 'openLmdbStores', 'generationFile', 'store.generation');
  }
  if (typeof acceptRestore !== 'boolean')
    throw new TypeError(
      'openLmdbStores: acceptRestore must be a boolean: pass true to accept a restored backup, or omit it',
    );
  return { path, generationFile, acceptRestore, clock, bounds: resolveBounds(options, 'openLmdbStores') };
}
