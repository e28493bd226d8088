import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CALLS = 50;

/**
 * Returns the growth of the old space in bytes while a call runs again and again. A major collection precedes the calls, and a
 * minor one follows each of them, so the old space grows by the objects that stay reachable after two calls.
 */
export function promotedBytes(call: () => void): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  call();
  gc();
  const before = oldSpace();
  for (let count = 0; count < CALLS; count += 1) {
    call();
    gc({ type: 'minor' });
  }
  return oldSpace() - before;
}

function oldSpace(): number {
  const found = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return found?.space_used_size ?? Number.NaN;
}
