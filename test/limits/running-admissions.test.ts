import { expect, test } from '@jest/globals';
import { createLimits, createMemoryStores, createTokenService } from 'passport-jwe';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const keyRing = await createRing();
const tokens = createTokenService({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });

test('a process that ends waits until all that it admitted is settled', async () => {
  const token = await tokens.verify(mintToken(keyRing));
  const { limits: store } = createMemoryStores({ clock });
  const limits = createLimits({ store, clock });
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
