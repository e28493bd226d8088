import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from '@jest/globals';
import { collectGarbage, freeBuffers } from '../../examples/gateway/models/collect-garbage.js';
import { collectionsBy, MAJOR, MINOR } from '../support/forced-collections.js';

const MEGABYTE = 1024 * 1024;

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

test('buffers and bodies below 64 KB lead to no collection, because those of V8 suffice', async () => {
  const receive = (): void => {
    for (let count = 0; count < 200; count += 1) {
      freeBuffers(MEGABYTE / 16 - 1);
      collectGarbage(MEGABYTE / 16 - 1);
    }
  };

  expect(await collectionsBy(receive)).toEqual([]);
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
