import type { Clock, NumericDate } from '../../base/clock.js';
import { retry } from '../../base/retry.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** An environment that reports whether it is writable. */
export interface WatchedEnvironment extends LmdbEnvironment {
  /** False after a failed write, until a write succeeds. */
  isWritable(): boolean;
}

/** Pause between two attempts. */
const RETRY_MS = 1000;

/**
 * Probes the environment after a failed write: while `isReady` is false, no request arrives whose write could show that
 * the disk has room again. Only within a transaction, like `openDatabase`.
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
