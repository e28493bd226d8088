import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  type Admission,
  createLimits,
  createMemoryStores,
  type Limits,
  type LimitsOptions,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import type { LimitStore } from 'passport-jwe/stores';
import { rejectionOf } from '../support/caught.js';
import { describeOnDrivers } from '../support/drivers.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { ownGettersOf } from '../support/own-getters.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

const keyRing = await createRing();
const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
const rate_limits = {
  requests_per_minute: 10,
  requests_per_hour: 100,
  tokens_per_minute: 100,
  concurrent_requests: 2,
};
const token = await service.verify(mintToken(keyRing, { claims: { rate_limits } }));

let now = NOW;

beforeEach(() => {
  now = NOW;
});

/** Remaining units by limit, for example `{ tokens_per_minute: 40 }`. */
function remainingIn(headers: Readonly<Record<string, string>>): Record<string, number> {
  const fields = (headers['RateLimit'] ?? '').matchAll(/"([a-z_]+)";r=(\d+)/g);
  return Object.fromEntries([...fields].map(([, name = '', remaining]) => [name, Number(remaining)]));
}

/** Remaining units after an admission that costs one request, which is settled without tokens. */
async function remainingOf(limits: Limits): Promise<Record<string, number>> {
  const admission = await limits.admit(token);
  await admission.settle({ tokens: 0 });
  return remainingIn(admission.headers);
}

test('an admission defines its getters in a class', async () => {
  const limits = createLimits({ stores: createMemoryStores({ clock: () => now }), clock: () => now });

  expect(ownGettersOf(await limits.admit(token))).toEqual([]);
});

describeOnDrivers('reserve()', (open) => {
  let limits: Limits;
  let admission: Admission;

  beforeEach(async () => {
    limits = createLimits({ stores: await open(() => now), clock: () => now });
    admission = await limits.admit(token);
  });

  test('reserves model tokens of an admitted request', async () => {
    await admission.reserve(60);

    expect(remainingIn((await limits.admit(token)).headers)).toMatchObject({ tokens_per_minute: 40 });
  });

  test('updates the headers of the admission', async () => {
    expect(remainingIn(admission.headers)).toMatchObject({ requests_per_minute: 9, tokens_per_minute: 100 });
    await admission.reserve(60);

    expect(remainingIn(admission.headers)).toEqual({
      requests_per_minute: 9,
      requests_per_hour: 99,
      tokens_per_minute: 40,
    });
  });

  test('adds to an earlier reservation', async () => {
    await admission.reserve(60);
    await admission.reserve(30);

    expect(remainingIn(admission.headers)).toMatchObject({ tokens_per_minute: 10 });
  });

  test('rejects tokens above the limit, and refunds the request', async () => {
    await admission.reserve(60);
    const rejected = await rejectionOf(limits.admit(token).then((second) => second.reserve(50)));

    expect(rejected).toMatchObject({ status: 429, violated: ['tokens_per_minute'] });
    const headers = rejected instanceof RateLimitExceededError ? rejected.headers : {};
    expect(headers).toMatchObject({ 'Retry-After': '6' });
    expect(remainingIn(headers)).toMatchObject({
      requests_per_minute: 9,
      tokens_per_minute: 40,
    });
    expect(await remainingOf(limits)).toMatchObject({ requests_per_minute: 8, requests_per_hour: 98 });
  });

  test('releases the slot if it rejects the first reservation', async () => {
    await admission.reserve(60);
    await limits.admit(token).then((second) => second.reserve(50).catch(() => undefined));

    await expect(limits.admit(token)).resolves.toBeDefined();
  });

  test('keeps the slot and the earlier tokens if it rejects a later reservation', async () => {
    await admission.reserve(60);
    await expect(admission.reserve(50)).rejects.toBeInstanceOf(RateLimitExceededError);
    await limits.admit(token);
    expect(await rejectionOf(limits.admit(token))).toMatchObject({ violated: ['concurrent_requests'] });
    await admission.settle({ tokens: 20 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 80 });
  });

  test.each([
    { used: 0, remaining: 100 },
    { used: 50, remaining: 50 },
    { used: 90, remaining: 10 },
    { used: 95, remaining: 5 },
  ])('is settled together with the admission: $used of 90 tokens', async ({ used, remaining }) => {
    await admission.reserve(60);
    await admission.reserve(30);
    await admission.settle({ tokens: used });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: remaining });
  });

  test('counts as the usage if the admission is settled without usage', async () => {
    await admission.reserve(60);
    await admission.settle();

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 40 });
  });

  test('is refilled while the request runs, and settled exactly', async () => {
    await admission.reserve(50);
    await admission.reserve(50);
    now += 120;
    await admission.settle({ tokens: 100 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100 });
  });

  test('creates debt for usage beyond all reservations, and debt rejects the next admission', async () => {
    await admission.reserve(40);
    await admission.settle({ tokens: 130 });
    const rejected = await rejectionOf(limits.admit(token));

    expect(rejected).toMatchObject({ violated: ['tokens_per_minute'], headers: { 'Retry-After': '18' } });
  });

  test('is settled once: later calls have no effect', async () => {
    await admission.reserve(60);
    await admission.settle({ tokens: 10 });
    await admission.settle({ tokens: 90 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 90 });
  });

  test('has no effect on a settlement after it was rejected', async () => {
    await expect(admission.reserve(1e9)).resolves.toBeUndefined();
    const second = await limits.admit(token, { tokens: 0 }).catch(() => undefined);
    expect(second).toBeDefined();
    await expect(second?.reserve(1)).rejects.toBeInstanceOf(RateLimitExceededError);
    await second?.settle({ tokens: 1e6 });
    await admission.settle({ tokens: 0 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100, requests_per_minute: 8 });
  });

  test('rejects after the admission is settled', async () => {
    await admission.settle();

    await expect(admission.reserve(1)).rejects.toThrow('reserve: the admission is already settled');
    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100 });
  });

  test('rejects and costs no tokens if the admission is settled meanwhile', async () => {
    const reserving = admission.reserve(60);
    const settling = admission.settle();
    await expect(reserving).rejects.toThrow('reserve: the admission is already settled');
    await settling;

    expect(limits.running).toBe(0);
    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100 });
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, '10', null])(
    'rejects %p, and the admission remains',
    async (tokens) => {
      await expect(admission.reserve(untypedValue(tokens))).rejects.toThrow(
        new TypeError('reserve: tokens must be a number from 0 to 1000000000000'),
      );
      await admission.reserve(10);

      expect(remainingIn(admission.headers)).toMatchObject({ tokens_per_minute: 90 });
    },
  );

  test('counts as running until the admission is settled', async () => {
    await admission.reserve(10);
    expect(limits.running).toBe(1);
    const drained = limits.drain();
    await admission.settle();
    await drained;

    expect(limits.running).toBe(0);
  });

  test('ends the running request if it is rejected', async () => {
    await admission.reserve(60);
    const second = await limits.admit(token);
    await second.reserve(50).catch(() => undefined);
    await second.settle();

    expect(limits.running).toBe(1);
  });
});

describe('reserve() while the limit store is unavailable', () => {
  let isAway: boolean;
  let kept: LimitStore;

  beforeEach(() => {
    isAway = false;
    kept = createMemoryStores({ clock: () => now }).limits;
  });

  const limitsWith = (options: Partial<LimitsOptions>): Limits => {
    const unlessAway = async <Result>(run: () => Promise<Result>): Promise<Result> => {
      if (isAway) throw new TemporarilyUnavailableError();
      return run();
    };
    const store: LimitStore = {
      admit: (step) => unlessAway(() => kept.admit(step)),
      renew: (step) => unlessAway(() => kept.renew(step)),
      settle: (step, used) => unlessAway(() => kept.settle(step, used)),
    };
    return createLimits({ stores: { limits: store }, clock: () => now, ...options });
  };

  test('rejects by default, and refunds the request when the store is available again', async () => {
    jest.useFakeTimers();
    try {
      const limits = limitsWith({});
      const admission = await limits.admit(token);
      isAway = true;
      await expect(admission.reserve(10)).rejects.toBeInstanceOf(TemporarilyUnavailableError);
      isAway = false;
      const settling = admission.settle({ tokens: 50 });
      await jest.advanceTimersByTimeAsync(1000);
      await settling;

      expect(await remainingOf(limits)).toMatchObject({ requests_per_minute: 9, tokens_per_minute: 100 });
    } finally {
      jest.useRealTimers();
    }
  });

  test('reserves a share of the limit in this process with the policy local', async () => {
    const limits = limitsWith({ onStoreFailure: { kind: 'local', share: 0.5 } });
    const first = await limits.admit(token);
    const second = await limits.admit(token);
    isAway = true;
    await first.reserve(30);

    expect(remainingIn(first.headers)).toMatchObject({ tokens_per_minute: 20 });
    expect(await rejectionOf(second.reserve(30))).toMatchObject({ violated: ['tokens_per_minute'] });
  });

  test('reserves in this process if this process admitted the request', async () => {
    const limits = limitsWith({ onStoreFailure: { kind: 'local', share: 0.5 } });
    isAway = true;
    const admission = await limits.admit(token);
    isAway = false;
    await admission.reserve(30);

    expect(remainingIn(admission.headers)).toMatchObject({ tokens_per_minute: 20 });
    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100 });
  });

  test('reserves nothing with the policy allow, and settles the usage as debt', async () => {
    const limits = limitsWith({ onStoreFailure: { kind: 'allow' } });
    const admission = await limits.admit(token);
    isAway = true;
    await admission.reserve(1000);
    isAway = false;
    await admission.settle({ tokens: 30 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 70 });
  });

  test('reserves nothing for a request that is not counted', async () => {
    const limits = limitsWith({ onStoreFailure: { kind: 'allow' } });
    isAway = true;
    const admission = await limits.admit(token);
    isAway = false;
    await admission.reserve(1000);

    await expect(admission.reserve(-1)).rejects.toThrow('reserve: tokens must be');
    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 100 });
  });
});

describe('the lease of a reservation', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('is renewed while a stream runs, so that it can be settled after two hours', async () => {
    const limits = createLimits({ stores: createMemoryStores({ clock: () => now }), clock: () => now });
    const admission = await limits.admit(token);
    await admission.reserve(10);
    for (let elapsed = 0; elapsed < 7200; elapsed += 5) {
      now += 5;
      await jest.advanceTimersByTimeAsync(5000);
    }
    await admission.settle({ tokens: 100 });

    expect(await remainingOf(limits)).toMatchObject({ tokens_per_minute: 10 });
  });
});
