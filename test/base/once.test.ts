import { expect, test } from '@jest/globals';
import { once } from '../../src/base/once.js';

test('a value is computed on first use, and then kept', () => {
  let computed = 0;
  const value = once(() => {
    computed += 1;
    return undefined;
  });

  expect(computed).toBe(0);
  expect([value(), value()]).toEqual([undefined, undefined]);
  expect(computed).toBe(1);
});
