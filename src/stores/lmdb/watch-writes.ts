import type { Clock, NumericDate } from '../../base/clock.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** An environment that knows whether it can be written. */
export interface WatchedEnvironment extends LmdbEnvironment {
  /** False from a write that failed until there is room again. */
  isWritable(): boolean;
}

/** Time between two attempts. */
const RETRY_MS = 1000;

/**
 * After a write that failed it tries by itself, since whoever watches `isReady` sends nothing meanwhile that could tell
 * that the disk has room again. Only within a transaction, as `openDatabase`.
 */
export function watchWrites(environment: LmdbEnvironment, clock: Clock): WatchedEnvironment {
  const times = environment.openDatabase<NumericDate>('times');
  let isWritable = true;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const scheduleProbe = (): void => {
    if (!isClosed) timer = setTimeout(() => void probe(), RETRY_MS).unref();
  };
  const probe = async (): Promise<void> => {
    try {
      await environment.write(() => times.put('tried-at', clock()));
      isWritable = true;
    } catch {
      scheduleProbe();
    }
  };

  return {
    ...environment,
    isWritable: () => isWritable,

    async write(step) {
      try {
        return await environment.write(step);
      } catch (failure) {
        if (isWritable) scheduleProbe();
        isWritable = false;
        throw failure;
      }
    },

    async close() {
      isClosed = true;
      clearTimeout(timer);
      await environment.close();
    },
  };
}
