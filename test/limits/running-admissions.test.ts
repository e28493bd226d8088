import { expect, test } from '@jest/globals';
import {
  createLimits,
  createMemoryStores,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const keyRing = await createRing();
const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
const token = await tokens.verify(mintToken(keyRing));

test('drain() waits until all admissions are settled', async () => {
  const { limits: store } = createMemoryStores({ clock });
  const limits = createLimits({ stores: { limits: store }, clock });
  await limits.drain();
  const first = await limits.admit(token);
  const second = await limits.admit(token);
  let isDrained = false;
  const drained = limits.drain().then(() => {
    isDrained = true;
  });
  expect(limits.running).toBe(2);

  await first.settle();
  await first.settle();
  expect([limits.running, isDrained]).toEqual([1, false]);

  await second.settle();
  await drained;
  expect(limits.running).toBe(0);
});

test('drain() waits for an admission that the store has not answered yet', async () => {
  const { limits: store } = createMemoryStores({ clock });
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slowStore = {
    ...store,
    admit: async (...parameters: Parameters<typeof store.admit>) => {
      await asked;
      return store.admit(...parameters);
    },
  };
  const limits = createLimits({ stores: { limits: slowStore }, clock });
  const admitting = limits.admit(token);
  let isDrained = false;
  const drained = limits.drain().then(() => {
    isDrained = true;
  });
  expect(limits.running).toBe(1);

  answer();
  const admission = await admitting;
  expect(isDrained).toBe(false);

  await admission.settle();
  await drained;
});

test.each([
  [
    'beyond a limit',
    RateLimitExceededError,
    async () => ({ kind: 'refused', refusals: [], states: [] }) as const,
  ],
  [
    'while the store is away',
    TemporarilyUnavailableError,
    () => Promise.reject(new TemporarilyUnavailableError()),
  ],
])('drain() does not wait for a request rejected %s', async (_when, failure, admit) => {
  const { limits: store } = createMemoryStores({ clock });
  const limits = createLimits({ stores: { limits: { ...store, admit } }, clock });
  await expect(limits.admit(token)).rejects.toThrow(failure);

  expect(limits.running).toBe(0);
  await limits.drain();
});
