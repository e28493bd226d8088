import { describe, expect, test } from '@jest/globals';
import type { RevocationEntry, RevocationStore } from '../../src/stores/revocation-store.js';
import type { StoreBounds } from '../../src/stores/stores.js';
import { isInForce, OF_KEY, ofSubject, sessionEnd, sessionEnds } from '../support/foldable-entries.js';
import { NOW } from '../support/tokens.js';
import type { StoresUnderTest } from './stores-under-test.js';

const BOUND = { maxRevocationsPerClient: 20 };

/** What every driver promises if an API key has more revocations than are kept apart. */
export function describeRevocationFolding({ open, setTime }: StoresUnderTest): void {
  const openStore = async (bounds: StoreBounds): Promise<RevocationStore> => (await open(bounds)).revocations;

  const addAll = async (store: RevocationStore, entries: readonly RevocationEntry[]): Promise<void> => {
    for (const entry of entries) await store.add(entry);
  };

  describe('folding revocations', () => {
    test.each([1, 3, 100])(
      'keeps every acknowledged revocation in effect, of %i subjects',
      async (subjects) => {
        const store = await openStore(BOUND);
        const entries = sessionEnds(100, subjects);
        for (const [index, entry] of entries.entries()) {
          await store.add(entry);
          expect(entries.slice(0, index + 1).filter((added) => !isInForce(store, added))).toEqual([]);
        }

        expect(store.size).toBeLessThanOrEqual(21);
      },
    );

    test('keeps every revocation of concurrent additions in effect', async () => {
      const store = await openStore(BOUND);
      const entries = sessionEnds(100, 100);
      await Promise.all(entries.map((entry) => store.add(entry)));

      expect(entries.filter((entry) => !isInForce(store, entry))).toEqual([]);
    });

    test('does not affect other subjects if one subject has most of them', async () => {
      const store = await openStore(BOUND);
      await addAll(store, sessionEnds(100, 1));

      expect(store.find(ofSubject('user 0'))).toBeDefined();
      expect(store.find(OF_KEY)).toBeUndefined();
    });

    test('uses a cut-off of the API key for several subjects, no later than the newest folded entry', async () => {
      const store = await openStore(BOUND);
      const entries = sessionEnds(100, 100);
      await addAll(store, entries);
      const folded = entries.filter(({ name }) => store.find(name) === undefined);

      expect(folded.length).toBeGreaterThan(79);
      expect(store.find(OF_KEY)?.issuedUpTo).toBe(folded.at(-1)?.issuedUpTo);
    });

    test('folds the oldest entries first, in any order of addition', async () => {
      const store = await openStore(BOUND);
      const entries = sessionEnds(21, 21);
      await addAll(store, [...entries.slice(0, 20).reverse(), ...entries.slice(20)]);

      expect(entries.slice(0, 2).map(({ name }) => store.find(name))).toEqual([undefined, undefined]);
      expect(entries.slice(2).filter(({ name }) => store.find(name) === undefined)).toEqual([]);
    });

    test('keeps a wide entry as long as the last entry that it replaced', async () => {
      const store = await openStore({ maxRevocationsPerClient: 2 });
      await addAll(store, [
        sessionEnd('a', 'alice', NOW - 9, NOW + 900),
        sessionEnd('b', 'alice', NOW - 8, NOW + 300),
        sessionEnd('c', 'alice', NOW - 7, NOW + 600),
      ]);

      expect(store.find(ofSubject('alice'))).toMatchObject({ issuedUpTo: NOW - 8, expiresAt: NOW + 900 });
    });

    test.each([
      ['before', [false, true]],
      ['after', [true, false]],
    ])('does not fold an entry that also revokes refresh tokens, %s', async (_when, order) => {
      const store = await openStore({ maxRevocationsPerClient: 2 });
      const { fold: _, ...lasting } = sessionEnd('a', 'alice', NOW - 100, NOW + 9000);
      await addAll(
        store,
        order.map((isFoldable) => (isFoldable ? sessionEnd('a', 'alice', NOW - 99) : lasting)),
      );
      await addAll(store, sessionEnds(10, 10));

      expect(store.find('a')).toMatchObject({ issuedUpTo: NOW - 99, expiresAt: NOW + 9000 });
    });

    test('makes room in a full store, for entries of any kind', async () => {
      const store = await openStore({ maxRevocations: 5 });
      const entries = sessionEnds(5, 5);
      await addAll(store, entries);
      await addAll(store, [
        { name: 'kid', expiresAt: NOW + 600 },
        { name: 'api key', issuedUpTo: NOW, expiresAt: NOW + 600 },
      ]);

      expect([store.find('kid'), store.find('api key')]).not.toContain(undefined);
      expect(entries.filter((entry) => !isInForce(store, entry))).toEqual([]);
      expect(store.size).toBeLessThanOrEqual(5);
    });

    test('rejects only unfoldable entries if nothing is left to fold', async () => {
      const store = await openStore({ maxRevocations: 3 });
      const lasting = (name: string) => ({ name, expiresAt: NOW + 600 });
      const entries = sessionEnds(9, 9);
      await addAll(store, [lasting('a'), lasting('b'), ...entries]);

      await expect(store.add(lasting('c'))).rejects.toMatchObject({ status: 503 });
      expect(entries.filter((entry) => !isInForce(store, entry))).toEqual([]);
    });

    test('accepts the end of a session in a store full of unfoldable entries', async () => {
      const store = await openStore({ maxRevocations: 1 });
      const [entry, ...others] = sessionEnds(3, 3);
      await addAll(store, [
        { name: 'a', expiresAt: NOW + 600 },
        ...(entry === undefined ? [] : [entry]),
        ...others,
      ]);

      expect([entry, ...others].map((added) => added !== undefined && isInForce(store, added))).toEqual([
        true,
        true,
        true,
      ]);
      expect(store.size).toBe(2);
    });

    test('reports how full the store is', async () => {
      const store = await openStore({ maxRevocations: 50, maxRevocationsPerClient: 20 });
      await addAll(store, [...sessionEnds(7, 7), { name: 'kid', expiresAt: NOW + 600 }]);

      expect(store.fill).toEqual({ entries: 8, maxEntries: 50, clientEntries: 7, maxClientEntries: 20 });
    });

    test('has room again after entries expired', async () => {
      const store = await openStore(BOUND);
      await addAll(store, sessionEnds(20, 20));
      setTime(NOW + 900);
      await store.add(sessionEnd('late', 'alice', NOW + 900, NOW + 1200));

      expect(store.fill).toMatchObject({ entries: 1, clientEntries: 1 });
    });
  });
}
