import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import type { Clock, NumericDate } from '../../base/clock.js';
import { loadPeer } from '../../base/load-peer.js';
import { nextWholeSecond } from '../store-start.js';
import { assertDataFile } from './assert-data-file.js';
import { assertRoom, assertRoomToOpen } from './assert-room.js';
import { explainOpening } from './explain-opening.js';
import { findGenerationFile } from './generation-file.js';
import { type LmdbEnvironment, lmdbEnvironment } from './lmdb-environment.js';
import { forgetFamilies } from './lmdb-family-store.js';
import { openNewestState } from './newest-state.js';
import { openGeneration, type StoreGeneration } from './store-generation.js';
import { createTurnstile, type Turnstile } from './turnstile.js';

export interface EnvironmentSetting {
  /** Directory of the environment. */
  readonly path: string;
  readonly generationFile: string | undefined;
  readonly acceptRestore: boolean;
  readonly clock: Clock;
}

export interface OpenedEnvironment {
  readonly environment: LmdbEnvironment;
  /** Time of the creation or of the last accepted restore. Tokens issued earlier count as revoked. */
  readonly startedAt: NumericDate;
}

/** Callback that opens the databases and creates missing ones, within a transaction. */
type Prepare<Prepared> = (opened: OpenedEnvironment) => Prepared;

/** File names of an LMDB environment. */
export const DATA_FILE = 'data.mdb';
const LOCK_FILE = 'lock.mdb';

/** Maximum number of databases in the environment. Higher than necessary, to leave room for later releases. */
const MAX_DATABASES = 32;

/**
 * Open an LMDB environment, or create it.
 *
 * @param prepare opens the databases, within the first transaction.
 * @throws Error (as rejection) if the environment cannot be opened. The message names the path, the reason and the
 *   remedy.
 */
export async function openEnvironment<Prepared>(
  setting: EnvironmentSetting,
  prepare: Prepare<Prepared>,
): Promise<Prepared> {
  const { path } = setting;
  const { open } = await loadPeer('lmdb', () => import('lmdb'));
  // Without overlapping syncs, data are on disk before the meta page that refers to them, as in plain LMDB.
  const options = { path, noSubdir: false, maxDbs: MAX_DATABASES, overlappingSync: false };
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { dev, ino } = await stat(path);
    const awaitTurn = createTurnstile(`passport-jwe-lmdb-${dev}-${ino}`);
    const assertRoomFor = (steps: number): void => assertRoom(path, join(path, DATA_FILE), steps);
    const openRoot = (): RootDatabase => open(options);
    return await openInTurn(path, awaitTurn, () =>
      openNewestState(openRoot, (root) => {
        const { generation, startedAt } = openHistory(root, setting, () => assertRoomFor(1));
        const environment = lmdbEnvironment({ root, awaitTurn, assertRoom: assertRoomFor, generation });
        return { root, generation, prepared: prepare({ environment, startedAt }) };
      }),
    );
  } catch (cause) {
    throw explainOpening(path, cause);
  }
}

interface Opening<Prepared> {
  readonly root: RootDatabase;
  readonly generation: StoreGeneration;
  readonly prepared: Prepared;
}

/** Check the existing files and open the environment. Hold the mutex, so other processes cannot write meanwhile. */
async function openInTurn<Prepared>(
  path: string,
  awaitTurn: Turnstile,
  open: () => Promise<Opening<Prepared>>,
): Promise<Prepared> {
  const files = [join(path, DATA_FILE), join(path, LOCK_FILE)];
  const endTurn = await awaitTurn();
  try {
    assertDataFile(join(path, DATA_FILE));
    assertRoomToOpen(path, files);
    const { root, generation, prepared } = await open();
    generation.confirm();
    // The first read acquires a reader slot, which a second mutex of LMDB protects.
    root.doesExist('');
    await Promise.all(files.map((file) => chmod(file, 0o600)));
    return prepared;
  } finally {
    endTurn();
  }
}

/** Read `startedAt`, and assert that the store was not reset. Call it within a transaction. */
function openHistory(root: RootDatabase, setting: EnvironmentSetting, assertRoom: () => void) {
  const { path, generationFile, acceptRestore, clock } = setting;
  const times: Database<string | number, string> = root.openDB({ name: 'times', encoding: 'json' });
  const knownStart = times.get(STARTED_AT);
  const isNew = knownStart === undefined;
  let startedAt = Number(knownStart ?? nextWholeSecond(clock()));

  const onRestored = (): void => {
    startedAt = Math.max(startedAt, nextWholeSecond(clock()));
    times.put(STARTED_AT, startedAt);
    forgetFamilies(root);
  };
  const generation = openGeneration({
    ...{ store: path, file: findGenerationFile(path, generationFile), table: times, isNew, assertRoom },
    ...(acceptRestore ? { onRestored } : {}),
  });
  if (isNew) times.put(STARTED_AT, startedAt);
  return { generation, startedAt };
}

const STARTED_AT = 'started-at';
