import { constants, PerformanceObserver } from 'node:perf_hooks';
import { expect, test } from '@jest/globals';
import { collectGarbage, freeBuffers } from '../../examples/gateway/models/collect-garbage.js';

const MEGABYTE = 1024 * 1024;

async function isCollected(length: number): Promise<boolean> {
  const reference = new WeakRef(Array(1000).fill(length));
  // References stay valid until the end of the task that created them.
  await new Promise(setImmediate);
  collectGarbage(length);
  return reference.deref() === undefined;
}

test('garbage is collected before each body of 8 MB', async () => {
  expect(await isCollected(8 * MEGABYTE)).toBe(true);
  expect(await isCollected(8 * MEGABYTE)).toBe(true);
});

test('the lengths of shorter bodies add up', async () => {
  expect(await isCollected(5 * MEGABYTE)).toBe(false);
  expect(await isCollected(3 * MEGABYTE)).toBe(true);
});

const { NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED, NODE_PERFORMANCE_GC_MINOR: MINOR } = constants;

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

test('a minor collection precedes each buffer of 4 MB', async () => {
  expect(await collectionsBy(() => freeBuffers(4 * MEGABYTE))).toEqual([MINOR]);
  expect(await collectionsBy(() => freeBuffers(4 * MEGABYTE))).toEqual([MINOR]);
});

test('the lengths of shorter buffers add up', async () => {
  expect(await collectionsBy(() => freeBuffers(3 * MEGABYTE))).toEqual([]);
  expect(await collectionsBy(() => freeBuffers(MEGABYTE))).toEqual([MINOR]);
});
