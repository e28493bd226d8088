import { expect, test } from '@jest/globals';
import { failuresOf } from './failures-of.js';

test('every row whose check fails is reported, with the reason', async () => {
  const checked: number[] = [];
  const failures = await failuresOf([1, 2, 3, 4], async (row) => {
    checked.push(row);
    if (row % 2 === 0) throw new Error(`${row} is even`);
  });

  expect(checked).toEqual([1, 2, 3, 4]);
  expect(failures).toEqual(['2: 2 is even', '4: 4 is even']);
});

test('rows whose checks pass are no failures', async () => {
  expect(await failuresOf([['a', 1]], ([name]) => expect(name).toBe('a'))).toEqual([]);
});
