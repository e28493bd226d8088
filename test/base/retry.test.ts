import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type RetryTerms, retry } from '../../src/base/retry.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A step that fails so many times, and when it was attempted. */
function failing(failures: number) {
  const startedAt = performance.now();
  const attempts: number[] = [];
  const step = async (): Promise<string> => {
    attempts.push(performance.now() - startedAt);
    if (attempts.length <= failures) throw new Error(`failure ${attempts.length}`);
    return 'result';
  };
  return { step, attempts };
}

async function outcomeOf(step: () => Promise<string>, terms: RetryTerms): Promise<string> {
  const outcome = retry(step, terms).catch((failure: unknown) => String(failure));
  await jest.advanceTimersByTimeAsync(100_000);
  return outcome;
}

test('a step that succeeds is not retried', async () => {
  const { step, attempts } = failing(0);

  expect(await outcomeOf(step, { firstPauseMs: 10 })).toBe('result');
  expect(attempts).toEqual([0]);
});

test('pauses double up to the longest', async () => {
  const { step, attempts } = failing(5);

  expect(await outcomeOf(step, { firstPauseMs: 100, longestPauseMs: 500 })).toBe('result');
  expect(attempts).toEqual([0, 100, 300, 700, 1200, 1700]);
});

test('all pauses are equally long without a longest one', async () => {
  const { step, attempts } = failing(3);
  await outcomeOf(step, { firstPauseMs: 100 });

  expect(attempts).toEqual([0, 100, 200, 300]);
});

test('a pause precedes the first attempt if the caller has made one', async () => {
  const { step, attempts } = failing(2);
  await outcomeOf(step, { firstPauseMs: 100, longestPauseMs: 400, startsWithPause: true });

  expect(attempts).toEqual([100, 300, 700]);
});

test('jitter shortens pauses at random', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.25);
  const { step, attempts } = failing(2);
  await outcomeOf(step, { firstPauseMs: 100, hasJitter: true });
  random.mockRestore();

  expect(attempts).toEqual([0, 25, 50]);
});

test('the last failure is thrown after the maximum number of retries', async () => {
  const { step, attempts } = failing(10);

  expect(await outcomeOf(step, { firstPauseMs: 1, retries: 3 })).toBe('Error: failure 4');
  expect(attempts).toHaveLength(4);
});

test('no retry follows a failure after the timeout', async () => {
  const { step, attempts } = failing(10);

  expect(await outcomeOf(step, { firstPauseMs: 100, timeoutMs: 250 })).toBe('Error: failure 4');
  expect(attempts).toEqual([0, 100, 200, 300]);
});

test('a failure that is not worth a retry is thrown', async () => {
  const { step, attempts } = failing(10);
  const isRetryable = (failure: unknown): boolean => String(failure) !== 'Error: failure 2';

  expect(await outcomeOf(step, { firstPauseMs: 100, isRetryable })).toBe('Error: failure 2');
  expect(attempts).toHaveLength(2);
});

test('every retry is reported with its failure before its pause', async () => {
  const { step } = failing(2);
  const onRetry = jest.fn();
  await outcomeOf(step, { firstPauseMs: 100, onRetry });

  expect(onRetry.mock.calls).toEqual([
    [new Error('failure 1'), 1],
    [new Error('failure 2'), 2],
  ]);
});

test('an abort ends a pause, and leaves no timer', async () => {
  const { step, attempts } = failing(10);
  const aborter = new AbortController();
  const outcome = retry(step, { firstPauseMs: 60_000, signal: aborter.signal });
  const rejected = expect(outcome).rejects.toBe('closed');
  await jest.advanceTimersByTimeAsync(1);
  aborter.abort('closed');
  await rejected;

  expect(attempts).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('an abort during an attempt ends the retries after it', async () => {
  const aborter = new AbortController();
  const step = async (): Promise<string> => {
    aborter.abort('closed');
    throw new Error('failure');
  };

  expect(await outcomeOf(step, { firstPauseMs: 1, signal: aborter.signal })).toBe('closed');
});

test('a step that throws synchronously is retried too', async () => {
  let attempts = 0;
  const step = (): Promise<string> => {
    attempts += 1;
    if (attempts === 1) throw new Error('synchronous');
    return Promise.resolve('result');
  };

  expect(await outcomeOf(step, { firstPauseMs: 1 })).toBe('result');
});
