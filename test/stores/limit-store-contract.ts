import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AdmissionStep, Bucket, LimitStore, Rate } from '../../src/stores/limit-store.js';
import { NOW } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';
import { type LimitModel, limitModel } from './limit-model.js';
import type { StoresUnderTest } from './stores-under-test.js';

const LEASE_SECONDS = 30;

const UNCOUNTABLE = [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, '5', null];

let serial = 0;

function rateOf(cost = 1, overrides: Partial<Rate> = {}): Rate {
  return { name: 'requests_per_minute', quota: 100, windowSeconds: 60, cost, ...overrides };
}

function stepOf(...buckets: readonly Partial<Bucket>[]): AdmissionStep {
  serial += 1;
  const named = buckets.map((bucket) => ({ name: 'demo', rates: [], ...bucket }));
  return { id: `a${serial}`, buckets: named, leaseSeconds: LEASE_SECONDS };
}

export function describeLimitStore({ open, setTime }: StoresUnderTest): void {
  const openStore = async () => (await open()).limits;

  /** How many of these the store admits, one after the other. */
  async function countAdmitted(store: LimitStore, steps: readonly AdmissionStep[]): Promise<number> {
    let admitted = 0;
    for (const step of steps) if ((await store.admit(step)).kind === 'admitted') admitted += 1;
    return admitted;
  }

  const many = (count: number, make: () => AdmissionStep) => Array.from({ length: count }, make);

  describe('rate limits', () => {
    test('admit the whole quota in a burst, and no more', async () => {
      const store = await openStore();

      expect(
        await countAdmitted(
          store,
          many(120, () => stepOf({ rates: [rateOf()] })),
        ),
      ).toBe(100);
    });

    test('admit the units that have refilled', async () => {
      const store = await openStore();
      await countAdmitted(
        store,
        many(100, () => stepOf({ rates: [rateOf()] })),
      );
      setTime(NOW + 6);

      expect(
        await countAdmitted(
          store,
          many(20, () => stepOf({ rates: [rateOf()] })),
        ),
      ).toBe(10);
    });

    test('report the remaining units and the time to wait', async () => {
      const store = await openStore();
      const first = await store.admit(stepOf({ rates: [rateOf(99)] }));
      const second = await store.admit(stepOf({ rates: [rateOf(2)] }));

      expect(first).toMatchObject({ kind: 'admitted', states: [{ quota: 100, remaining: 1 }] });
      expect(second).toEqual({
        kind: 'refused',
        refusals: [{ bucket: 'demo', limit: 'requests_per_minute', kind: 'rate', waitSeconds: 0.6 }],
        states: [
          { bucket: 'demo', name: 'requests_per_minute', quota: 100, windowSeconds: 60, remaining: 1 },
        ],
      });
    });

    test('admit 5 of 20 concurrent requests of 20 units each at 100 units a minute', async () => {
      const store = await openStore();
      const answers = await Promise.all(many(20, () => stepOf({ rates: [rateOf(20)] })).map(store.admit));

      expect(answers.filter(({ kind }) => kind === 'admitted')).toHaveLength(5);
    });

    test('spend nothing if one bucket rejects the admission', async () => {
      const store = await openStore();
      const narrow = { name: 'narrow', rates: [rateOf(1, { quota: 1 })], concurrency: 9 };
      await store.admit(stepOf(narrow));
      for (const step of many(50, () => stepOf({ rates: [rateOf()], concurrency: 1 }, narrow))) {
        expect((await store.admit(step)).kind).toBe('refused');
      }

      expect(await store.admit(stepOf({ rates: [rateOf(0)], concurrency: 1 }))).toMatchObject({
        kind: 'admitted',
        states: [{ remaining: 100 }],
      });
    });

    test('treat a cost above the quota as the whole quota', async () => {
      const store = await openStore();

      expect((await store.admit(stepOf({ rates: [rateOf(1000)] }))).kind).toBe('admitted');
      expect((await store.admit(stepOf({ rates: [rateOf(1)] }))).kind).toBe('refused');
    });

    test('count the rates of a bucket and other buckets separately', async () => {
      const store = await openStore();
      await store.admit(stepOf({ rates: [rateOf(100)] }));

      expect((await store.admit(stepOf({ rates: [rateOf(1, { name: 'tokens_per_minute' })] }))).kind).toBe(
        'admitted',
      );
      expect((await store.admit(stepOf({ name: 'other', rates: [rateOf(1)] }))).kind).toBe('admitted');
    });

    test('apply a changed quota to earlier usage', async () => {
      const store = await openStore();
      await store.admit(stepOf({ rates: [rateOf(100)] }));
      const answer = await store.admit(stepOf({ rates: [rateOf(1, { quota: 10 })] }));

      expect(answer).toMatchObject({ refusals: [{ waitSeconds: 6 }] });
    });
  });

  describe('concurrency limits', () => {
    test('admit no more until an admission is settled', async () => {
      const store = await openStore();
      const steps = many(12, () => stepOf({ concurrency: 10 }));
      expect(await countAdmitted(store, steps)).toBe(10);
      const [first] = steps;
      if (first !== undefined) await store.settle(first, {});

      expect(
        await countAdmitted(
          store,
          many(3, () => stepOf({ concurrency: 10 })),
        ),
      ).toBe(1);
    });

    test('release a slot when its lease expires', async () => {
      const store = await openStore();
      await store.admit(stepOf({ concurrency: 1 }));
      setTime(NOW + LEASE_SECONDS - 1);
      expect((await store.admit(stepOf({ concurrency: 1 }))).kind).toBe('refused');
      setTime(NOW + LEASE_SECONDS);

      expect((await store.admit(stepOf({ concurrency: 1 }))).kind).toBe('admitted');
    });

    test('release a slot when its lease expires, while another admission keeps its own', async () => {
      const store = await openStore();
      const renewed = stepOf({ concurrency: 2 });
      await store.admit(renewed);
      await store.admit(stepOf({ concurrency: 2 }));
      setTime(NOW + LEASE_SECONDS - 1);
      await store.renew(renewed);
      setTime(NOW + LEASE_SECONDS);

      const next = () => store.admit(stepOf({ concurrency: 2 }));
      expect([(await next()).kind, (await next()).kind]).toEqual(['admitted', 'refused']);
    });

    test('keep the slot of a renewed lease', async () => {
      const store = await openStore();
      const step = stepOf({ concurrency: 1 });
      await store.admit(step);
      setTime(NOW + 20);
      expect(await store.renew(step)).toBe(true);
      setTime(NOW + 49);

      expect((await store.admit(stepOf({ concurrency: 1 }))).kind).toBe('refused');
    });

    test('do not renew an expired lease: its slot may be taken', async () => {
      const store = await openStore();
      const step = stepOf({ concurrency: 1 });
      await store.admit(step);
      setTime(NOW + LEASE_SECONDS);
      expect(await store.renew(step)).toBe(false);
      const settled = stepOf({ concurrency: 1 });
      await store.admit(settled);
      await store.settle(settled, {});

      expect(await store.renew(settled)).toBe(false);
    });
  });

  describe('settling an admission', () => {
    test('returns unused units', async () => {
      const store = await openStore();
      const step = stepOf({ rates: [rateOf(80)] });
      await store.admit(step);
      await store.settle(step, { requests_per_minute: 30 });

      expect(await store.admit(stepOf({ rates: [rateOf(0)] }))).toMatchObject({
        states: [{ remaining: 70 }],
      });
    });

    test('turns excess usage into debt', async () => {
      const store = await openStore();
      const step = stepOf({ rates: [rateOf(80)] });
      await store.admit(step);
      await store.settle(step, { requests_per_minute: 150 });
      expect(await store.admit(stepOf({ rates: [rateOf(0)] }))).toMatchObject({
        kind: 'refused',
        refusals: [{ waitSeconds: 30 }],
        states: [{ remaining: -50 }],
      });
      setTime(NOW + 31);

      expect(await store.admit(stepOf({ rates: [rateOf(1)] }))).toMatchObject({ kind: 'admitted' });
    });

    test('takes effect once', async () => {
      const store = await openStore();
      const step = stepOf({ rates: [rateOf(50)] });
      await store.admit(step);

      expect(await store.settle(step, { requests_per_minute: 10 })).toBe(true);
      expect(await store.settle(step, { requests_per_minute: 90 })).toBe(false);
      expect(await store.admit(stepOf({ rates: [rateOf(0)] }))).toMatchObject({
        states: [{ remaining: 90 }],
      });
    });

    test('applies to every bucket of the admission, and to the named rates', async () => {
      const store = await openStore();
      const rates = [rateOf(1), rateOf(50, { name: 'tokens_per_minute' })];
      const step = stepOf({ rates }, { name: 'user', rates });
      await store.admit(step);
      await store.settle(step, { tokens_per_minute: 20 });
      const look = [rateOf(0), rateOf(0, { name: 'tokens_per_minute' })];

      expect(await store.admit(stepOf({ rates: look }, { name: 'user', rates: look }))).toMatchObject({
        states: [{ remaining: 99 }, { remaining: 80 }, { remaining: 99 }, { remaining: 80 }],
      });
    });

    test('has no effect for a rejected admission', async () => {
      const store = await openStore();
      await store.admit(stepOf({ rates: [rateOf(100)] }));
      const step = stepOf({ rates: [rateOf(50)] });
      await store.admit(step);

      expect(await store.settle(step, { requests_per_minute: 0 })).toBe(false);
    });
  });

  describe('usage that cannot be counted', () => {
    test.each(UNCOUNTABLE)('leaves the bucket and the reservation unchanged: %p', async (units) => {
      const store = await openStore();
      const rates = [rateOf(50), rateOf(10, { name: 'tokens_per_minute' })];
      const step = stepOf({ rates });
      await store.admit(step);
      const used = { requests_per_minute: 20, tokens_per_minute: untypedValue(units) };
      await expect(store.settle(step, used)).rejects.toThrow(TypeError);
      const look = [rateOf(0), rateOf(0, { name: 'tokens_per_minute' })];
      expect(await store.admit(stepOf({ rates: look }))).toMatchObject({
        states: [{ remaining: 50 }, { remaining: 90 }],
      });

      expect(await store.settle(step, { requests_per_minute: 20 })).toBe(true);
      expect(await store.admit(stepOf({ rates: look }))).toMatchObject({
        states: [{ remaining: 80 }, { remaining: 90 }],
      });
    });

    test('starts above the maximum, which becomes debt with a known end', async () => {
      const store = await openStore();
      const rate = { name: 'tokens_per_month', quota: 1, windowSeconds: 2_592_000 };
      const step = stepOf({ rates: [rateOf(1, rate)] });
      await store.admit(step);

      expect(await store.settle(step, { tokens_per_month: 1e12 })).toBe(true);
      expect(await store.admit(stepOf({ rates: [rateOf(1, rate)] }))).toMatchObject({ kind: 'refused' });
      expect(await store.admit(stepOf({ name: 'other', rates: [rateOf(1, rate)] }))).toMatchObject({
        kind: 'admitted',
      });
    });
  });

  describe('groups', () => {
    const member = (name: string) =>
      stepOf({ name, rates: [rateOf()], group: { name: 'users', maxMembers: 2 } });

    test('admit the maximum number of members', async () => {
      const store = await openStore();

      expect(await countAdmitted(store, ['a', 'b', 'a', 'c', 'b'].map(member))).toBe(4);
    });

    test('forget members whose quotas have refilled', async () => {
      const store = await openStore();
      await countAdmitted(store, ['a', 'b'].map(member));
      expect(await store.admit(member('c'))).toMatchObject({
        refusals: [{ kind: 'group', waitSeconds: 60 }],
      });
      setTime(NOW + 60);

      expect((await store.admit(member('c'))).kind).toBe('admitted');
    });

    test('forget one member, while the quota of another one still refills', async () => {
      const store = await openStore();
      await store.admit(member('a'));
      setTime(NOW + 30);
      await store.admit(member('b'));
      setTime(NOW + 60);

      expect(await countAdmitted(store, ['c', 'd', 'b'].map(member))).toBe(2);
    });
  });

  test.each([{ quota: 0 }, { quota: 1.5 }, { windowSeconds: 0 }, { cost: -1 }, { cost: '1' }])(
    'rate limits reject a rate with %j',
    async (overrides) => {
      const store = await openStore();

      await expect(store.admit(stepOf({ rates: [{ ...rateOf(), ...untyped(overrides) }] }))).rejects.toThrow(
        TypeError,
      );
    },
  );

  test('limits agree with a reference model for random steps', async () => {
    const store = await openStore();
    let run = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 1, maxLength: 40 }), async (script) => {
        run += 1;
        await perform(script, { store, model: limitModel(), prefix: `run-${run}`, setTime });
      }),
      { seed: 20_301, numRuns: 60 },
    );
  });
}

/** Buckets and quotas are few, so that they collide; all times and intervals are whole milliseconds. */
const actions = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('admit'),
      buckets: fc.subarray([0, 1, 2], { minLength: 1 }),
      requests: fc.integer({ min: 0, max: 2 }),
      tokens: fc.integer({ min: 0, max: 70 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      which: fc.nat(9),
      used: fc.integer({ min: 0, max: 120 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew'), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds: fc.integer({ min: 1, max: 40_000 }) }),
  },
);

type Action = typeof actions extends fc.Arbitrary<infer Value> ? Value : never;

interface Performance {
  readonly store: LimitStore;
  readonly model: LimitModel;
  readonly prefix: string;
  readonly setTime: (now: number) => void;
}

async function perform(
  script: readonly Action[],
  { store, model, prefix, setTime }: Performance,
): Promise<void> {
  const admitted: AdmissionStep[] = [];
  let elapsedMs = 0;
  setTime(NOW);

  for (const action of script) {
    if ('milliseconds' in action) {
      elapsedMs += action.milliseconds;
      setTime((NOW * 1000 + elapsedMs) / 1000);
      continue;
    }
    if ('buckets' in action) {
      const step = stepOf(
        ...action.buckets.map((index) => ({
          name: `${prefix}-${index}`,
          concurrency: 3,
          rates: [
            rateOf(action.requests, { quota: 6 }),
            rateOf(action.tokens, { name: 'tokens_per_minute' }),
          ],
        })),
      );
      const { kind } = await store.admit(step);
      expect([kind, step]).toEqual([model.admit(step, elapsedMs), step]);
      if (kind === 'admitted') admitted.push(step);
      continue;
    }
    const step = admitted[action.which % Math.max(1, admitted.length)];
    if (step === undefined) continue;
    if ('used' in action) {
      const used = { tokens_per_minute: action.used };
      expect(await store.settle(step, used)).toBe(model.settle(step, used, elapsedMs));
    } else {
      expect(await store.renew(step)).toBe(model.renew(step, elapsedMs));
    }
  }
}
