import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { deadline } from '../../src/base/deadline.js';

afterEach(() => void jest.useRealTimers());

const late = (): never => {
  throw new Error('too late');
};

test('a promise that settles in time yields its result or its failure', async () => {
  await expect(deadline(Promise.resolve('answer'), 1000, late)).resolves.toBe('answer');
  await expect(deadline(Promise.reject(new RangeError('own')), 1000, late)).rejects.toThrow('own');
});

test('a promise that misses the deadline yields the result or error of onTimeout', async () => {
  const never = new Promise<string>(() => {});

  await expect(deadline(never, 5, () => 'substitute')).resolves.toBe('substitute');
  await expect(deadline(never, 5, late)).rejects.toThrow('too late');
});

test('a failure after the deadline is ignored', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  const failing = pause(20).then(() => Promise.reject(new Error('after the deadline')));
  await deadline<unknown>(failing, 1, () => 'substitute');
  await pause(50);
  process.off('unhandledRejection', unhandled);

  expect(unhandled).not.toHaveBeenCalled();
});

test('no timer remains, and onTimeout is not called, once the promise has settled', async () => {
  jest.useFakeTimers();
  const onTimeout = jest.fn(late);
  await deadline(Promise.resolve(1), 1000, onTimeout);

  expect(jest.getTimerCount()).toBe(0);
  await jest.advanceTimersByTimeAsync(2000);
  expect(onTimeout).not.toHaveBeenCalled();
});

test('a deadline beyond the range of timers does not pass at once', async () => {
  jest.useFakeTimers();
  const settled = jest.fn();
  void deadline(new Promise<void>(() => {}), 2 ** 40, settled);
  await jest.advanceTimersByTimeAsync(86_400_000);

  expect(settled).not.toHaveBeenCalled();
});
