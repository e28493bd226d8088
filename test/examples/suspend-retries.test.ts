import { expect, test } from '@jest/globals';
import { suspendRetries } from '../../examples/gateway/models/suspend-retries.js';

const MINUTE = 60_000;

/** Runs requests to one model. Returns a function that notes whether a request could be retried. */
function startModel() {
  const model = {};
  return async (at: number, outcome: 'success' | 'failure' | 'exhausted' = 'success'): Promise<boolean> => {
    let couldRetry = false;
    const answer = suspendRetries(
      model,
      async ({ mayRetry, onExhausted }) => {
        couldRetry = mayRetry;
        if (outcome === 'exhausted') onExhausted();
        if (outcome !== 'success') throw new Error('failed');
      },
      () => at,
    );
    await answer.catch(() => undefined);
    return couldRetry;
  };
}

test('retries are suspended for a minute after they failed', async () => {
  const ask = startModel();

  expect(await ask(0, 'exhausted')).toBe(true);
  expect(await ask(MINUTE - 1, 'failure')).toBe(false);
  expect(await ask(MINUTE)).toBe(true);
});

test('a failure that permits a retry extends the suspension', async () => {
  const ask = startModel();
  await ask(0, 'exhausted');
  await ask(MINUTE - 1, 'exhausted');

  expect(await ask(MINUTE, 'failure')).toBe(false);
  expect(await ask(2 * MINUTE)).toBe(true);
});

test('a success ends the suspension', async () => {
  const ask = startModel();
  await ask(0, 'exhausted');
  await ask(1);

  expect(await ask(2)).toBe(true);
});

test('a failure that permits no retry suspends nothing', async () => {
  const ask = startModel();
  await ask(0, 'failure');

  expect(await ask(1)).toBe(true);
});

test('other models are not affected', async () => {
  await startModel()(0, 'exhausted');

  expect(await startModel()(1)).toBe(true);
});
