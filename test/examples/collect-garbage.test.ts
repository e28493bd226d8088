import { expect, test } from '@jest/globals';
import { collectGarbage } from '../../examples/gateway/models/collect-garbage.js';

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
