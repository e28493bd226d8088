import type { Database, RootDatabase } from 'lmdb';
import type { NumericDate } from '../../base/clock.js';
import { PassportJweError, TemporarilyUnavailableError } from '../../base/errors.js';
import { continuesNewestState } from './newest-state.js';
import type { StoreGeneration } from './store-generation.js';
import type { Turnstile } from './turnstile.js';

/** Most expired values that one step forgets on the way, so that none takes long. */
const SWEEP_LIMIT = 1000;

/** Values by name that are forgotten some time after they expired. */
export interface ExpiringTable<Value extends { readonly expiresAt: NumericDate }> {
  get(name: string): Value | undefined;
  /** Only within `write`. */
  put(name: string, value: Value): void;
  /** Only within `write`. */
  remove(name: string): void;
  /** Forgets the values that expired longest ago, and tells each; only within `write`. */
  sweep(now: NumericDate, onForget?: (value: Value, name: string) => void): void;
}

/** One LMDB environment with its single writer. */
export interface LmdbEnvironment {
  /** Only within a transaction, as `openTable`: what is not there yet is made. */
  openDatabase<Value>(name: string): Database<Value, string>;
  openTable<Value extends { readonly expiresAt: NumericDate }>(name: string): ExpiringTable<Value>;
  /**
   * Runs a step alone among all processes, and resolves with what it returns once that is on disk. Either all that
   * it puts is there or nothing.
   * @throws TemporarilyUnavailableError (as rejection) where it cannot be written.
   */
  write<Result>(step: () => Result): Promise<Result>;
  /** @throws TemporarilyUnavailableError where it cannot be read. */
  read<Result>(step: () => Result): Result;
  /** Copies one consistent state to `data.mdb` in a directory, while others go on writing. */
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
  /** Throws if the disk has no room for a transaction of so many steps. */
  readonly assertRoom: (steps: number) => void;
  readonly generation: StoreGeneration;
}

/**
 * Steps that wait for their turn share a transaction. It is a synchronous one: that is on disk when it returns,
 * while the promise of an asynchronous one resolves at commit, before the data are.
 */
export function lmdbEnvironment(parts: EnvironmentParts): LmdbEnvironment {
  const { root, awaitTurn, assertRoom, generation } = parts;
  let queue: QueuedStep[] = [];
  let written = Promise.resolve();
  let copied: Promise<unknown> = Promise.resolve();

  const commitQueue = (): void => {
    root.transactionSync(() => {
      if (!continuesNewestState(root)) throw new Error('Somebody opens the environment without a turn');
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
      // Names stand here as values too: read back from a key of several parts, one with a NUL would come apart.
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

    // Compact, which reads a snapshot alone: a plain copy takes LMDB's write mutex for a moment.
    copyTo(directory) {
      const copy = root.backup(directory, true);
      copied = Promise.allSettled([copied, copy]);
      return copy;
    },

    async close() {
      await Promise.all([written, copied]);
      // Whoever is the last one destroys the mutexes, and whoever opens just then would take them to be in order.
      const endTurn = await awaitTurn().catch(() => () => undefined);
      await root.close();
      endTurn();
    },
  };
}

/** A full disk, a file that is gone or broken: an outage, never a verdict on a token. */
function asUnavailable(cause: unknown): unknown {
  return cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}
