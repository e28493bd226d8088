import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createLimits, createMemoryStores, type Limits } from 'passport-jwe';
import type { LimitStore } from 'passport-jwe/stores';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const DAY = 86_400;
const RATES = { requests_per_minute: 100, requests_per_hour: 100, tokens_per_minute: 100 };

const keyRing = await createRing();
const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
const rateLimits = { ...RATES, concurrent_requests: 1 };
const token = await tokens.verify(mintToken(keyRing, { claims: { rate_limits: rateLimits } }));

let now = NOW;
let renewals = 0;
let kept: LimitStore;
let limits: Limits;

beforeEach(() => {
  jest.useFakeTimers();
  [now, renewals] = [NOW, 0];
  kept = createMemoryStores({ clock: () => now }).limits;
  const renew: LimitStore['renew'] = (step) => {
    renewals += 1;
    return kept.renew(step);
  };
  limits = createLimits({ stores: { limits: { ...kept, renew } }, clock: () => now, leaseSeconds: 15 });
});

afterEach(() => void jest.useRealTimers());

/** Time passes for timers and for the clock of the store alike. */
async function pass(seconds: number): Promise<void> {
  for (let elapsed = 0; elapsed < seconds; elapsed += 5) {
    now += 5;
    await jest.advanceTimersByTimeAsync(5000);
  }
}

describe('an admission that is not settled', () => {
  test('holds its slot while a stream runs, for 23 hours', async () => {
    await limits.admit(token);
    await pass(23 * 3600);

    await expect(limits.admit(token)).rejects.toMatchObject({ violated: ['concurrent_requests'] });
  });

  test('releases its slot after 24 hours and is no longer running', async () => {
    await limits.admit(token);
    await pass(DAY + 20);

    expect(limits.running).toBe(0);
    await expect(limits.admit(token)).resolves.toBeDefined();
  });

  test('is not renewed after its lease has expired', async () => {
    const admission = await limits.admit(token);
    now += 16;
    await pass(60);
    expect(renewals).toBe(1);
    await admission.settle();

    expect(limits.running).toBe(0);
  });
});
