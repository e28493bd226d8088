import { randomBytes } from 'node:crypto';
import type { Database } from 'lmdb';
import { messageOf } from '../../base/message-of.js';
import type { GenerationFile, GenerationMark } from './generation-file.js';
import { type Regression, RestoredStoreError } from './restored-store-error.js';

/** Counter of the transactions of an open store, in the store and in its generation file. */
export interface StoreGeneration {
  /**
   * Count the current transaction. Call it within the transaction.
   *
   * @throws RestoredStoreError if the store was reset while open, or if a different process has accepted a restore.
   */
  countWrite(): void;
  /**
   * Record the number of committed transactions in the generation file. Never throws: if the number is too low, the
   * only effect is that a restore may go undetected.
   */
  confirm(): void;
}

export interface GenerationParts {
  /** Path of the store, for error messages. */
  readonly store: string;
  readonly file: GenerationFile;
  /** Database in the store that contains the generation and the number of transactions. */
  readonly table: Database<string | number, string>;
  /** Whether the store has just been created. */
  readonly isNew: boolean;
  /**
   * Called if the store was reset, before a new generation starts.
   *
   * @default undefined (a reset store is an error)
   */
  readonly onRestored?: (() => void) | undefined;
  /** Called before the first write to an existing store. Throw if the disk has too little room. */
  readonly assertRoom: () => void;
}

const GENERATION = 'generation';
const WRITES = 'writes';

/**
 * Compare a store with its generation file, and start a generation if necessary. Call it within a transaction: no
 * other process can commit meanwhile, so the file cannot be ahead of the store.
 *
 * The start of a generation survives a crash after each of its three steps. First, the ID is written to the file as
 * `pending`. Then it is written to the store. Finally, the file confirms it.
 *
 * @throws RestoredStoreError if the store was reset and `onRestored` is undefined.
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

/** State in the store. Each transaction reads it again, because all processes share it. */
type State = Omit<GenerationMark, 'pending'>;

function readState(table: GenerationParts['table']): State {
  const generation = table.get(GENERATION);
  const writes = Number(table.get(WRITES) ?? 0);
  return typeof generation === 'string' ? { generation, writes } : { writes };
}

/**
 * Compare the state of a store with a mark. Return `undefined` if the store was not reset. Store and backups of
 * earlier releases have no generation. If only the mark has one, a backup was restored.
 */
function findRegression({ generation, writes }: State, mark?: GenerationMark): Regression | undefined {
  if (generation === undefined) return mark?.generation === undefined ? undefined : 'older';
  if (mark === undefined) return 'unmarked';
  if (mark.pending === generation) return undefined;
  return mark.generation === generation && mark.writes <= writes ? undefined : 'older';
}

/**
 * Read the mark. Return `undefined` if the file is unreadable: the state in the store reveals most restores, and
 * `confirm` emits a warning.
 */
function readMark(file: GenerationFile): GenerationMark | undefined {
  try {
    return file.read();
  } catch {
    return undefined;
  }
}

function warnOfFile(path: string, cause: unknown): void {
  process.emitWarning(
    `The generation file ${path} cannot be written (${messageOf(cause)}). A restored backup may go undetected: ` +
      'make the file writable, or set generationFile',
    { code: 'PASSPORT_JWE_STORE' },
  );
}
