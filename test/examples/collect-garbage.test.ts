import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from '@jest/globals';
import { collectGarbage, freeBuffers } from '../../examples/gateway/models/collect-garbage.js';

const MEGABYTE = 1024 * 1024;

const {
  NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED,
  NODE_PERFORMANCE_GC_MINOR: MINOR,
  NODE_PERFORMANCE_GC_MAJOR: MAJOR,
} = constants;

/** Node.js queues the entries, and then the call of the observer, for later turns of the event loop. */
async function deliverEntries(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

/** Returns the kinds of the garbage collections that a call requests. */
async function collectionsBy(call: () => void): Promise<readonly unknown[]> {
  const kinds: unknown[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags, kind } = Object('detail' in entry ? entry.detail : {});
      if ((flags & FORCED) !== 0) kinds.push(kind);
    }
  });
  // Of earlier collections.
  await deliverEntries();
  observer.observe({ entryTypes: ['gc'] });
  call();
  await deliverEntries();
  observer.disconnect();
  return kinds;
}

beforeAll(() => {
  // Completes a major collection that V8 has begun. V8 would complete it instead of the first minor one.
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  collectGarbage(8 * MEGABYTE);
});

test('a minor collection precedes each buffer of 4 MB', async () => {
  expect(await collectionsBy(() => freeBuffers(4 * MEGABYTE))).toEqual([MINOR]);
  expect(await collectionsBy(() => freeBuffers(4 * MEGABYTE))).toEqual([MINOR]);
});

test('the lengths of shorter buffers add up', async () => {
  expect(await collectionsBy(() => freeBuffers(3 * MEGABYTE))).toEqual([]);
  expect(await collectionsBy(() => freeBuffers(MEGABYTE))).toEqual([MINOR]);
});

test('a minor collection precedes 8 MB of parsed bodies', async () => {
  expect(await collectionsBy(() => collectGarbage(8 * MEGABYTE))).toEqual([MINOR]);
  expect(await collectionsBy(() => collectGarbage(5 * MEGABYTE))).toEqual([]);
  expect(await collectionsBy(() => collectGarbage(3 * MEGABYTE))).toEqual([MINOR]);
});

test('a major collection follows if the heap has grown by 16 MB since the last one', async () => {
  const retained = [numbersOf(24)];
  collectGarbage(8 * MEGABYTE);

  retained.push(numbersOf(12));
  expect(await collectionsBy(() => collectGarbage(8 * MEGABYTE))).toEqual([MINOR]);
  retained.push(numbersOf(12));
  expect(await collectionsBy(() => collectGarbage(8 * MEGABYTE))).toEqual([MINOR, MAJOR]);
  expect(await collectionsBy(() => collectGarbage(8 * MEGABYTE))).toEqual([MINOR]);
  expect(retained).toHaveLength(3);
});

/** Returns numbers that occupy this many megabytes of the heap. */
function numbersOf(megabytes: number): readonly number[] {
  return Array((megabytes * MEGABYTE) / 8).fill(0);
}
