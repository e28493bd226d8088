import type { Clock, NumericDate } from '../../base/clock.js';
import { retry } from '../../base/retry.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** An environment that reports whether it is writable. */
export interface WatchedEnvironment extends LmdbEnvironment {
  /** Whether the environment is writable. False after a failed write, until a probe succeeds. */
  isWritable(): boolean;
}

/** Pause between two probes, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Wrap an environment to report whether it is writable. After a failed write, it probes the environment until a write
 * succeeds. Without probes, an instance that is not ready would receive no requests and would never recover.
 *
 * Call it within a transaction, because it opens a database.
 */
export function watchWrites(environment: LmdbEnvironment, clock: Clock): WatchedEnvironment {
  const times = environment.openDatabase<NumericDate>('times');
  const closed = new AbortController();
  let isWritable = true;

  const probe = async (): Promise<void> => {
    await environment.write(() => times.put('tried-at', clock()));
    isWritable = true;
  };
  const probeLater = (): void => {
    const { signal } = closed;
    retry(probe, { firstPauseMs: RETRY_MS, startsWithPause: true, signal }).catch(() => undefined);
  };

  return {
    ...environment,
    isWritable: () => isWritable,

    async write(step) {
      try {
        return await environment.write(step);
      } catch (failure) {
        if (isWritable) probeLater();
        isWritable = false;
        throw failure;
      }
    },

    async close() {
      closed.abort();
      await environment.close();
    },
  };
}
