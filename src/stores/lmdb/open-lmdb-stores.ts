import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { type Clock, type NumericDate, systemClock } from '../../clock.js';
import { assertOptions, type KnownOptions } from '../../options.js';
import { loadPeer } from '../load-peer.js';
import { memoryLimitStore } from '../memory/memory-limit-store.js';
import { nextWholeSecond, untilTime } from '../store-start.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { assertDataFile } from './assert-data-file.js';
import { assertRoom, assertRoomToOpen } from './assert-room.js';
import { explainOpening } from './explain-opening.js';
import { lmdbCounterStore } from './lmdb-counter-store.js';
import { type LmdbEnvironment, lmdbEnvironment } from './lmdb-environment.js';
import { lmdbFamilyStore } from './lmdb-family-store.js';
import { lmdbRevocationStore } from './lmdb-revocation-store.js';
import { openNewestState } from './newest-state.js';
import { createTurnstile, type Turnstile } from './turnstile.js';
import { watchWrites } from './watch-writes.js';

export interface LmdbStoresOptions extends StoreBounds {
  /** Directory of the store, on a local disk; made with mode 0700 where there is none. */
  readonly path: string;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<LmdbStoresOptions> = {
  path: true,
  maxRevocations: true,
  maxRevocationsPerClient: true,
  clock: true,
};

/** Those that LMDB makes. */
const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';

/** Databases within the environment: those of today, and room for more. */
const MAX_DATABASES = 32;

/**
 * Keeps everything in an LMDB environment: on disk once a promise resolves, and shared by all processes of one
 * machine. A new environment refuses the tokens that were issued before it, since which of them were revoked is
 * not known; it opens within the next whole second, as `iat` has no fractions. Limits alone are counted in memory, by
 * each process for itself: a request is not worth a write to the disk.
 * @throws TypeError for an option that is missing or makes no sense.
 * @throws Error where the package `lmdb` is missing, or where the environment cannot be opened: it names the path, what is
 * in the way (no room, no right to write, a file that is damaged or of something else) and what to do.
 */
export async function openLmdbStores(options: LmdbStoresOptions): Promise<Stores> {
  assertOptions(options, KNOWN, 'openLmdbStores');
  const { path, clock = systemClock } = options;
  if (typeof path !== 'string' || path === '') throw new TypeError('path must name a directory');
  const bounds = resolveBounds(options);

  const { environment, startedAt, ...stores } = await openEnvironment(path, (opened) => {
    const environment = watchWrites(opened, clock);
    const startedAt = readStart(environment, clock);
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
    async close() {
      isOpen = false;
      await environment.close();
    },
  });
}

type Prepare<Prepared> = (environment: LmdbEnvironment) => Prepared;

/**
 * @param prepare makes what is not there yet, in a transaction.
 * @throws Error that names the path, and what to do.
 */
async function openEnvironment<Prepared>(path: string, prepare: Prepare<Prepared>): Promise<Prepared> {
  const { open } = await loadPeer('lmdb', () => import('lmdb'));
  // LMDB's own order, data on disk before the page that names them, rather than the overlapping one of lmdb-js.
  const options = { path, noSubdir: false, maxDbs: MAX_DATABASES, overlappingSync: false };
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { dev, ino } = await stat(path);
    const awaitTurn = createTurnstile(`passport-jwe-lmdb-${dev}-${ino}`);
    const assertRoomFor = (steps: number): void => assertRoom(path, join(path, DATA_FILE), steps);
    const openRoot = (): RootDatabase => open(options);
    return await openInTurn(path, awaitTurn, () =>
      openNewestState(openRoot, (root) => ({
        root,
        prepared: prepare(lmdbEnvironment(root, awaitTurn, assertRoomFor)),
      })),
    );
  } catch (cause) {
    throw explainOpening(path, cause);
  }
}

/** What stands there is looked at before LMDB takes it for its own, and nobody writes meanwhile. */
async function openInTurn<Prepared>(
  path: string,
  awaitTurn: Turnstile,
  open: () => Promise<{ readonly root: RootDatabase; readonly prepared: Prepared }>,
): Promise<Prepared> {
  const files = [join(path, DATA_FILE), join(path, LOCK_FILE)];
  const endTurn = await awaitTurn();
  try {
    assertDataFile(join(path, DATA_FILE));
    assertRoomToOpen(path, files);
    const { root, prepared } = await open();
    // The first look takes a place among the readers, which another mutex of LMDB guards.
    root.doesExist('');
    await Promise.all(files.map((file) => chmod(file, 0o600)));
    return prepared;
  } finally {
    endTurn();
  }
}

/** When the environment was made, by whichever process was first. */
function readStart(environment: LmdbEnvironment, clock: Clock): NumericDate {
  const times = environment.openDatabase<NumericDate>('times');
  const known = times.get('started-at');
  if (known !== undefined) return known;
  const startedAt = nextWholeSecond(clock());
  times.put('started-at', startedAt);
  return startedAt;
}
