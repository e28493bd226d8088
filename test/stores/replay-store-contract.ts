import { describe, expect, test } from '@jest/globals';
import type { ReplayStore, ReplayUse, ReplayVerdict } from '../../src/stores/replay-store.js';
import { NOW } from '../support/tokens.js';
import type { StoresUnderTest } from './stores-under-test.js';

export function describeReplayStore({ open, setTime }: StoresUnderTest): void {
  const openStore = async () => (await open()).replays;
  const use: ReplayUse = { digest: 'd', jkt: 'k', quota: 100, expiresAt: NOW + 60 };
  const fresh = (count: number, members: Partial<ReplayUse> = {}): readonly ReplayUse[] =>
    Array.from({ length: count }, (_, n) => ({ ...use, digest: `fresh-${n}`, ...members }));
  const useAll = async (store: ReplayStore, uses: readonly ReplayUse[]) => {
    const verdicts: ReplayVerdict[] = [];
    for (const one of uses) verdicts.push(await store.use(one));
    return verdicts;
  };

  describe('replays', () => {
    test('accept a proof once', async () => {
      const store = await openStore();

      expect(await useAll(store, [use, use, use])).toEqual(['first', 'repeated', 'repeated']);
    });

    test('distinguish proofs by their digests', async () => {
      const store = await openStore();

      expect(await useAll(store, [use, { ...use, digest: 'D' }])).toEqual(['first', 'first']);
    });

    test('accept digests and thumbprints of 43 characters', async () => {
      const store = await openStore();
      const long = { ...use, digest: '-'.repeat(43), jkt: '_'.repeat(43) };

      expect(await useAll(store, [long, long])).toEqual(['first', 'repeated']);
    });

    test('recognize a proof until it expires', async () => {
      const store = await openStore();
      await store.use(use);
      setTime(NOW + 59.999);

      expect(await store.use(use)).toBe('repeated');
    });

    test('accept no proof that expired on its way to the store', async () => {
      const store = await openStore();
      setTime(NOW + 60);

      expect(await useAll(store, [use, use])).toEqual(['repeated', 'repeated']);
    });

    test('recognize a proof that outlives all others', async () => {
      const store = await openStore();
      await store.use({ ...use, expiresAt: NOW + 600 });
      for (let time = NOW; time < NOW + 599; time += 50) {
        setTime(time);
        await store.use({ ...use, digest: `at-${time}`, expiresAt: time + 60 });
      }
      setTime(NOW + 599);

      expect(await store.use({ ...use, expiresAt: NOW + 600 })).toBe('repeated');
    });

    test('accept one of many concurrent uses of a proof', async () => {
      const store = await openStore();
      const verdicts = await Promise.all(Array.from({ length: 50 }, () => store.use(use)));

      expect(verdicts.filter((verdict) => verdict === 'first')).toHaveLength(1);
      expect(verdicts.filter((verdict) => verdict === 'repeated')).toHaveLength(49);
    });

    test('accept no more proofs of a key than its quota', async () => {
      const store = await openStore();

      expect(await useAll(store, fresh(4, { quota: 3 }))).toEqual(['first', 'first', 'first', 'over_quota']);
    });

    test('accept no more concurrent proofs of a key than its quota', async () => {
      const store = await openStore();
      const verdicts = await Promise.all(fresh(50, { quota: 30 }).map((one) => store.use(one)));

      expect(verdicts.filter((verdict) => verdict === 'first')).toHaveLength(30);
      expect(verdicts.filter((verdict) => verdict === 'over_quota')).toHaveLength(20);
    });

    test('count the proofs of each key separately', async () => {
      const store = await openStore();
      await useAll(store, fresh(4, { quota: 3 }));

      expect(await store.use({ ...use, jkt: 'other', quota: 3 })).toBe('first');
    });

    test('do not count a repeated proof', async () => {
      const store = await openStore();
      await useAll(store, [use, use, use, use]);

      expect(await useAll(store, fresh(3, { quota: 3 }))).toEqual(['first', 'first', 'over_quota']);
    });

    test('report a repeated proof of a key over its quota as repeated', async () => {
      const store = await openStore();
      const [first = use, ...others] = fresh(4, { quota: 3 });
      await useAll(store, [first, ...others]);

      expect(await store.use(first)).toBe('repeated');
    });

    test('do not record a proof over the quota', async () => {
      const store = await openStore();
      await useAll(store, [...fresh(3, { quota: 3 }), { ...use, quota: 3 }]);

      expect(await useAll(store, [{ ...use, quota: 4 }, use])).toEqual(['first', 'repeated']);
    });

    test('restore the quota when the proofs have expired', async () => {
      const store = await openStore();
      await useAll(store, fresh(4, { quota: 3 }));
      setTime(NOW + 60.001);
      const later = fresh(4, { quota: 3, expiresAt: NOW + 120 }).map((one) => ({
        ...one,
        digest: `later-${one.digest}`,
      }));

      expect(await useAll(store, later)).toEqual(['first', 'first', 'first', 'over_quota']);
    });

    test('recognize a proof while the clock is set back, and when it is correct again', async () => {
      const store = await openStore();
      await store.use(use);
      setTime(NOW - 3600);
      await store.use({ ...use, digest: 'meanwhile', expiresAt: NOW - 3540 });
      const whileBack = await store.use(use);
      setTime(NOW + 59);
      await store.use({ ...use, digest: 'afterwards', expiresAt: NOW + 119 });

      expect([whileBack, await store.use(use)]).toEqual(['repeated', 'repeated']);
    });

    test.each([
      { quota: 0 },
      { quota: 1.5 },
      { digest: '' },
      { digest: 'd'.repeat(44) },
      { digest: 'a b' },
      { jkt: '' },
      { jkt: 'a}b' },
      { expiresAt: Number.NaN },
      { expiresAt: Number.POSITIVE_INFINITY },
    ])('reject a use with %j', async (members) => {
      const store = await openStore();

      await expect((async () => store.use({ ...use, ...members }))()).rejects.toThrow(TypeError);
    });
  });
}
