import { randomBytes } from 'node:crypto';
import type { Database } from 'lmdb';
import { messageOf } from '../../base/message-of.js';
import type { GenerationFile, GenerationMark } from './generation-file.js';
import { type Regression, RestoredStoreError } from './restored-store-error.js';

/** The generation of an open store: counts its transactions, inside the store and in its generation file. */
export interface StoreGeneration {
  /**
   * Counts a transaction; only within it.
   * @throws RestoredStoreError if the store went back, or another process accepted a restore, since it was opened.
   */
  countWrite(): void;
  /** Marks the transactions that are committed. Never throws: a mark that is too low misses a restore, and no more. */
  confirm(): void;
}

export interface GenerationParts {
  /** Path of the store, for error messages. */
  readonly store: string;
  readonly file: GenerationFile;
  /** Where the store keeps its generation. */
  readonly table: Database<string | number, string>;
  /** The store has just been made. */
  readonly isNew: boolean;
  /** Begins a new generation if the store went back. Default: that is an error. */
  readonly onRestored?: (() => void) | undefined;
  /** Called before the transaction writes to a store that has been there before. */
  readonly assertRoom: () => void;
}

const GENERATION = 'generation';
const WRITES = 'writes';

/**
 * Compares a store with its generation file. Call it within a transaction: while that runs nobody commits, so the file
 * knows at most what the store has.
 *
 * A generation begins in three steps, each of which may be the last before a crash: the file gets its ID as `pending`,
 * the store gets the ID, the file confirms it.
 * @throws RestoredStoreError if the store went back.
 */
export function openGeneration(parts: GenerationParts): StoreGeneration {
  const { store, file, table, isNew, onRestored, assertRoom } = parts;
  let state = readState(table);
  const mark = file.read();
  const regression = isNew ? undefined : findRegression(state, mark);
  if (regression !== undefined && onRestored === undefined) {
    throw new RestoredStoreError(store, file.path, regression);
  }

  let hasWarned = false;
  const confirm = (): void => {
    try {
      file.write(state, false);
      hasWarned = false;
    } catch (cause) {
      if (!hasWarned) warnOfFile(file.path, cause);
      hasWarned = true;
    }
  };
  const count = ({ writes, ...known }: State): void => {
    state = { ...known, writes: writes + 1 };
    table.put(WRITES, state.writes);
  };
  const countWrite = (): void => {
    const found = readState(table);
    if (findRegression(found, state) !== undefined || findRegression(found, readMark(file)) === 'older') {
      throw new RestoredStoreError(store, file.path, 'older');
    }
    count(found);
  };

  if (state.generation === undefined || regression !== undefined) {
    if (!isNew) assertRoom();
    const pending = randomBytes(16).toString('base64url');
    file.write({ writes: 0, ...mark, pending }, true);
    if (regression !== undefined) onRestored?.();
    table.put(GENERATION, pending);
    count(readState(table));
  }
  return { countWrite, confirm };
}

/** What the store itself holds; all processes share it, so it is read anew within each transaction. */
type State = Omit<GenerationMark, 'pending'>;

function readState(table: GenerationParts['table']): State {
  const generation = table.get(GENERATION);
  const writes = Number(table.get(WRITES) ?? 0);
  return typeof generation === 'string' ? { generation, writes } : { writes };
}

/** A store of an earlier release has no generation; so has its backup, which its mark then shows. */
function findRegression({ generation, writes }: State, mark?: GenerationMark): Regression | undefined {
  if (generation === undefined) return mark?.generation === undefined ? undefined : 'older';
  if (mark === undefined) return 'unmarked';
  if (mark.pending === generation) return undefined;
  return mark.generation === generation && mark.writes <= writes ? undefined : 'older';
}

/** `undefined` also if the file cannot be read: the store itself shows most restores, and `confirm` warns. */
function readMark(file: GenerationFile): GenerationMark | undefined {
  try {
    return file.read();
  } catch {
    return undefined;
  }
}

function warnOfFile(path: string, cause: unknown): void {
  process.emitWarning(
    `The generation file ${path} cannot be written (${messageOf(cause)}); a restored backup may go unnoticed`,
    { code: 'PASSPORT_JWE_STORE' },
  );
}
