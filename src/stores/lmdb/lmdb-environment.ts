import type { Database, RootDatabase } from 'lmdb';
import type { NumericDate } from '../../base/clock.js';
import { PassportJweError, TemporarilyUnavailableError } from '../../base/errors.js';
import { continuesNewestState } from './newest-state.js';
import type { StoreGeneration } from './store-generation.js';
import type { Turnstile } from './turnstile.js';

/** Maximum number of expired values that one step deletes by default. The limit keeps each step short. */
const SWEEP_LIMIT = 1000;

/** A table of named values. Each value is deleted some time after it expires. */
export interface ExpiringTable<Value extends { readonly expiresAt: NumericDate }> {
  get(name: string): Value | undefined;
  /** Store a value. Call it within `write`. */
  put(name: string, value: Value): void;
  /** Delete a value. Call it within `write`. */
  remove(name: string): void;
  /**
   * Delete the oldest expired values and call `onForget` for each. Call it within `write`.
   *
   * @param limit maximum number of deleted values. Default 1000.
   */
  sweep(now: NumericDate, onForget?: (value: Value, name: string) => void, limit?: number): void;
}

/** An LMDB environment with a single writer. */
export interface LmdbEnvironment {
  /** Open a database, or create it. Call it within a transaction. */
  openDatabase<Value>(name: string): Database<Value, string>;
  /** Open a table, or create it. Call it within a transaction. */
  openTable<Value extends { readonly expiresAt: NumericDate }>(name: string): ExpiringTable<Value>;
  /**
   * Run a step atomically, while no other process writes. Resolve with the result of the step once its changes are on
   * disk.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the write fails.
   */
  write<Result>(step: () => Result): Promise<Result>;
  /**
   * Run a step that only reads.
   *
   * @throws TemporarilyUnavailableError if the read fails.
   */
  read<Result>(step: () => Result): Result;
  /** Copy a consistent snapshot to `data.mdb` in a directory, without blocking writers. */
  copyTo(directory: string): Promise<void>;
  /** Close the environment after pending writes and copy. */
  close(): Promise<void>;
}

interface QueuedStep {
  run(): void;
  settle(failure: unknown): void;
}

export interface EnvironmentParts {
  readonly root: RootDatabase;
  readonly awaitTurn: Turnstile;
  /** Throw if the disk has too little room for a transaction with this number of steps. */
  readonly assertRoom: (steps: number) => void;
  readonly generation: StoreGeneration;
}

/**
 * Create an environment that runs all queued steps in one transaction. The transaction is synchronous, so its data are
 * on disk when it returns. An asynchronous transaction resolves at commit, before its data are on disk.
 */
export function lmdbEnvironment(parts: EnvironmentParts): LmdbEnvironment {
  const { root, awaitTurn, assertRoom, generation } = parts;
  let queue: QueuedStep[] = [];
  let written = Promise.resolve();
  let copied: Promise<unknown> = Promise.resolve();

  const commitQueue = (): void => {
    root.transactionSync(() => {
      if (!continuesNewestState(root))
        throw new Error(
          'LMDB does not see the newest state, because a program opened the store without the mutex: ' +
            'stop that program, then restart this process',
        );
      for (const step of queue) step.run();
      generation.countWrite();
    });
    generation.confirm();
  };
  const writeQueue = async (): Promise<void> => {
    let failure: unknown;
    try {
      const endTurn = await awaitTurn();
      try {
        assertRoom(queue.length);
        commitQueue();
      } finally {
        endTurn();
      }
    } catch (cause) {
      failure = asUnavailable(cause);
    }
    const steps = queue;
    queue = [];
    for (const step of steps) step.settle(failure);
  };

  return {
    openDatabase: (name) => root.openDB({ name, encoding: 'json' }),

    openTable<Value extends { readonly expiresAt: NumericDate }>(name: string): ExpiringTable<Value> {
      const values = root.openDB<Value, string>({ name, encoding: 'json' });
      // The value repeats the name, because lmdb-js would split a name with a NUL when it decodes a multi-part key.
      const byExpiry = root.openDB<string, [NumericDate, string]>({
        name: `${name}-by-expiry`,
        encoding: 'json',
      });
      return {
        get: (key) => values.get(key),
        put(key, value) {
          const present = values.get(key);
          if (present !== undefined) byExpiry.remove([present.expiresAt, key]);
          values.put(key, value);
          byExpiry.put([value.expiresAt, key], key);
        },
        remove(key) {
          const present = values.get(key);
          if (present === undefined) return;
          byExpiry.remove([present.expiresAt, key]);
          values.remove(key);
        },
        sweep(now, onForget, limit = SWEEP_LIMIT) {
          for (const { key, value: name } of [...byExpiry.getRange({ end: [now, ''], limit })]) {
            const value = values.get(name);
            if (value !== undefined) onForget?.(value, name);
            values.remove(name);
            byExpiry.remove([key[0], name]);
          }
        },
      };
    },

    write<Result>(step: () => Result) {
      return new Promise<Result>((resolve, reject) => {
        let result: Result;
        if (queue.length === 0) written = written.then(writeQueue);
        queue.push({
          run: () => {
            result = step();
          },
          settle: (failure) => (failure === undefined ? resolve(result) : reject(failure)),
        });
      });
    },

    read(step) {
      try {
        return step();
      } catch (cause) {
        throw asUnavailable(cause);
      }
    },

    // A compact copy only reads a snapshot. A plain copy would briefly acquire the write mutex of LMDB.
    copyTo(directory) {
      const copy = root.backup(directory, true);
      copied = Promise.allSettled([copied, copy]);
      return copy;
    },

    async close() {
      await Promise.all([written, copied]);
      // The last process to close destroys the LMDB mutexes. A process that opens at this moment would still use them.
      const endTurn = await awaitTurn().catch(() => () => undefined);
      await root.close();
      endTurn();
    },
  };
}

/** Convert a failure to an outage. A full disk or a damaged file must never determine whether a token is valid. */
function asUnavailable(cause: unknown): unknown {
  return cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}
