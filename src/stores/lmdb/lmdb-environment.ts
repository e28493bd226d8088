import type { Database, RootDatabase } from 'lmdb';
import type { NumericDate } from '../../base/clock.js';
import { PassportJweError, TemporarilyUnavailableError } from '../../base/errors.js';
import { continuesNewestState } from './newest-state.js';
import type { StoreGeneration } from './store-generation.js';
import type { Turnstile } from './turnstile.js';

/** Maximum number of expired values that one step deletes, to keep steps short. */
const SWEEP_LIMIT = 1000;

/** Values by name, deleted some time after they expire. */
export interface ExpiringTable<Value extends { readonly expiresAt: NumericDate }> {
  get(name: string): Value | undefined;
  /** Only within `write`. */
  put(name: string, value: Value): void;
  /** Only within `write`. */
  remove(name: string): void;
  /** Deletes the values that expired first and calls `onForget` for each. Only within `write`. */
  sweep(now: NumericDate, onForget?: (value: Value, name: string) => void): void;
}

/** An LMDB environment with a single writer. */
export interface LmdbEnvironment {
  /** Opens or creates a database. Like `openTable`, only within a transaction. */
  openDatabase<Value>(name: string): Database<Value, string>;
  openTable<Value extends { readonly expiresAt: NumericDate }>(name: string): ExpiringTable<Value>;
  /**
   * Runs a step exclusively among all processes. Resolves with its result once the changes are on disk. A step is
   * atomic.
   * @throws TemporarilyUnavailableError (as rejection) if the write fails.
   */
  write<Result>(step: () => Result): Promise<Result>;
  /** @throws TemporarilyUnavailableError if the read fails. */
  read<Result>(step: () => Result): Result;
  /** Copies a consistent snapshot to `data.mdb` in a directory. Other processes can write meanwhile. */
  copyTo(directory: string): Promise<void>;
  close(): Promise<void>;
}

interface QueuedStep {
  run(): void;
  settle(failure: unknown): void;
}

export interface EnvironmentParts {
  readonly root: RootDatabase;
  readonly awaitTurn: Turnstile;
  /** Throws if the disk has no room for a transaction with this number of steps. */
  readonly assertRoom: (steps: number) => void;
  readonly generation: StoreGeneration;
}

/**
 * Queued steps share a transaction. It is synchronous, because it is on disk when it returns: the promise of an
 * asynchronous transaction resolves at commit, before the data are on disk.
 */
export function lmdbEnvironment(parts: EnvironmentParts): LmdbEnvironment {
  const { root, awaitTurn, assertRoom, generation } = parts;
  let queue: QueuedStep[] = [];
  let written = Promise.resolve();
  let copied: Promise<unknown> = Promise.resolve();

  const commitQueue = (): void => {
    root.transactionSync(() => {
      if (!continuesNewestState(root))
        throw new Error('Another process opened the environment without the mutex');
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
      // The name is also the value: a name with a NUL would be split when it is read back from a multi-part key.
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
        sweep(now, onForget) {
          for (const { key, value: name } of [...byExpiry.getRange({ end: [now, ''], limit: SWEEP_LIMIT })]) {
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

    // A compact copy only reads a snapshot. A plain copy would briefly take LMDB's write mutex.
    copyTo(directory) {
      const copy = root.backup(directory, true);
      copied = Promise.allSettled([copied, copy]);
      return copy;
    },

    async close() {
      await Promise.all([written, copied]);
      // The last process destroys the mutexes of LMDB. A process that opens at that moment would use them anyway.
      const endTurn = await awaitTurn().catch(() => () => undefined);
      await root.close();
      endTurn();
    },
  };
}

/** A full disk or a missing or damaged file is an outage: it must never decide about a token. */
function asUnavailable(cause: unknown): unknown {
  return cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}
