import { randomBytes } from 'node:crypto';
import type { Database } from 'lmdb';
import { messageOf } from '../../base/message-of.js';
import type { GenerationFile, GenerationMark } from './generation-file.js';
import { type Regression, RestoredStoreError } from './restored-store-error.js';

/** Generation of an open store: counts its transactions, in the store and in its generation file. */
export interface StoreGeneration {
  /**
   * Counts a transaction. Only within it.
   * @throws RestoredStoreError if, since the opening, the store was reset or another process accepted a restore.
   */
  countWrite(): void;
  /**
   * Records the committed transactions. Never throws: with a mark that is too low, only a restore may go undetected.
   */
  confirm(): void;
}

export interface GenerationParts {
  /** Path of the store, for error messages. */
  readonly store: string;
  readonly file: GenerationFile;
  /** Where the store keeps its generation. */
  readonly table: Database<string | number, string>;
  /** Whether the store was just created. */
  readonly isNew: boolean;
  /** Called before a new generation starts, if the store was reset. Default: a reset store is an error. */
  readonly onRestored?: (() => void) | undefined;
  /** Called before the transaction writes to an existing store. */
  readonly assertRoom: () => void;
}

const GENERATION = 'generation';
const WRITES = 'writes';

/**
 * Compares a store with its generation file. Call it within a transaction: no other process commits meanwhile, so the
 * file cannot be ahead of the store.
 *
 * A generation starts in three steps, with a possible crash after each: the file gets its ID as `pending`, the store
 * gets the ID, the file confirms it.
 * @throws RestoredStoreError if the store was reset.
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

/** State in the store. All processes share it, so each transaction reads it again. */
type State = Omit<GenerationMark, 'pending'>;

function readState(table: GenerationParts['table']): State {
  const generation = table.get(GENERATION);
  const writes = Number(table.get(WRITES) ?? 0);
  return typeof generation === 'string' ? { generation, writes } : { writes };
}

/** A store of an earlier release has no generation, and neither has its backup: the mark then reveals the restore. */
function findRegression({ generation, writes }: State, mark?: GenerationMark): Regression | undefined {
  if (generation === undefined) return mark?.generation === undefined ? undefined : 'older';
  if (mark === undefined) return 'unmarked';
  if (mark.pending === generation) return undefined;
  return mark.generation === generation && mark.writes <= writes ? undefined : 'older';
}

/** Also returns `undefined` if the file cannot be read: the store detects most restores itself, and `confirm` warns. */
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
