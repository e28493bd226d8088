import { expect, test } from '@jest/globals';
import { providerFailed, withoutRetry } from '../../examples/gateway/models/model-api-error.js';
import { suspendRetries } from '../../examples/gateway/models/suspend-retries.js';

const MINUTE = 60_000;

/** Runs requests to one model. Returns a function that notes whether a request could be retried. */
function startModel() {
  const model = {};
  return async (at: number, failure?: Error): Promise<boolean | undefined> => {
    let couldRetry: boolean | undefined;
    const send = async (mayRetry: boolean): Promise<void> => {
      couldRetry = mayRetry;
      if (failure !== undefined) throw failure;
    };
    await suspendRetries(model, send, () => at).catch(() => undefined);
    return couldRetry;
  };
}

const retriesFailed = withoutRetry(providerFailed());

test('retries are suspended for a minute after they failed', async () => {
  const ask = startModel();

  expect(await ask(0, retriesFailed)).toBe(true);
  expect(await ask(MINUTE - 1, new Error('aborted'))).toBe(false);
  expect(await ask(MINUTE)).toBe(true);
});

test('a failure during the suspension extends it', async () => {
  const ask = startModel();
  await ask(0, retriesFailed);
  await ask(MINUTE - 1, providerFailed());

  expect(await ask(MINUTE, new Error('aborted'))).toBe(false);
  expect(await ask(2 * MINUTE)).toBe(true);
});

test('a success ends the suspension', async () => {
  const ask = startModel();
  await ask(0, retriesFailed);
  await ask(1);

  expect(await ask(2)).toBe(true);
});

test('a failure without retries suspends nothing', async () => {
  const ask = startModel();
  await ask(0, providerFailed());

  expect(await ask(1)).toBe(true);
});

test('other models are not affected', async () => {
  await startModel()(0, retriesFailed);

  expect(await startModel()(1)).toBe(true);
});
