import { expect, test } from '@jest/globals';
import { createFifoCache } from '../../src/base/fifo-cache.js';

test('the oldest entry is evicted, even if it was read since', () => {
  const cache = createFifoCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);

  expect(cache.has('a')).toBe(false);
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, 2, 3]);
});

test('an entry that is set again evicts no other', () => {
  const cache = createFifoCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.set('b', 3);

  expect(['a', 'b'].map((key) => cache.get(key))).toEqual([1, 3]);
});
