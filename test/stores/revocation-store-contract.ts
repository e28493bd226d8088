import { describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import type { StoreBounds } from '../../src/stores/stores.js';
import { NOW } from '../support/tokens.js';
import type { StoresUnderTest } from './stores-under-test.js';

export function describeRevocationStore({ open, setTime }: StoresUnderTest): void {
  const openStore = async (bounds?: StoreBounds) => (await open(bounds)).revocations;

  describe('the revocation store', () => {
    test('is empty at first', async () => {
      const store = await openStore();

      expect(store.find('a')).toBeUndefined();
      expect(store.size).toBe(0);
    });

    test('finds exactly the added entries', async () => {
      const store = await openStore();
      const entry = { name: 'a', issuedUpTo: NOW, expiresAt: NOW + 600, owner: 'demo' };
      await store.add(entry);

      expect(store.find('a')).toEqual(entry);
      expect(store.find('A')).toBeUndefined();
      expect(store.size).toBe(1);
    });

    test.each([
      ['a later cut-off', 100, 200, 200],
      ['an earlier cut-off', 200, 100, 200],
      ['no cut-off at all', 100, undefined, undefined],
      ['a cut-off where there was none', undefined, 100, undefined],
    ])('merges two entries into the wider one: %s', async (_name, first, second, expected) => {
      const store = await openStore();
      for (const issuedUpTo of [first, second]) {
        await store.add({
          name: 'a',
          expiresAt: NOW + 600,
          ...(issuedUpTo === undefined ? {} : { issuedUpTo }),
        });
      }

      expect(store.find('a')?.issuedUpTo).toBe(expected);
      expect(store.size).toBe(1);
    });

    test.each([
      [600, 900],
      [900, 600],
    ])('keeps the later of two expiries: %i and %i', async (first, second) => {
      const store = await openStore();
      for (const seconds of [first, second]) await store.add({ name: 'a', expiresAt: NOW + seconds });

      expect(store.find('a')?.expiresAt).toBe(NOW + 900);
    });

    test('keeps an entry until it expires, regardless of later additions', async () => {
      const store = await openStore();
      await store.add({ name: 'a', expiresAt: NOW + 600 });
      setTime(NOW + 599);
      await store.add({ name: 'b', expiresAt: NOW + 1200 });

      expect(store.find('a')).toBeDefined();
    });

    test('deletes expired entries, so that it does not grow without bound', async () => {
      const store = await openStore();
      await Promise.all(['a', 'b', 'c'].map((name) => store.add({ name, expiresAt: NOW + 60 })));
      setTime(NOW + 300);
      await store.add({ name: 'd', expiresAt: NOW + 600 });

      expect(store.size).toBe(1);
      expect(store.find('d')).toBeDefined();
    });

    test('rejects a further entry if it is full, and evicts none', async () => {
      const store = await openStore({ maxRevocations: 2 });
      await store.add({ name: 'a', expiresAt: NOW + 600 });
      await store.add({ name: 'b', expiresAt: NOW + 600 });

      await expect(store.add({ name: 'c', expiresAt: NOW + 600 })).rejects.toBeInstanceOf(
        TemporarilyUnavailableError,
      );
      expect(['a', 'b', 'c'].map((name) => store.find(name) !== undefined)).toEqual([true, true, false]);
    });

    test('still widens an entry if it is full', async () => {
      const store = await openStore({ maxRevocations: 1 });
      await store.add({ name: 'a', issuedUpTo: 100, expiresAt: NOW + 600 });
      await store.add({ name: 'a', issuedUpTo: 200, expiresAt: NOW + 600 });

      expect(store.find('a')?.issuedUpTo).toBe(200);
    });

    test('has room again after entries expired', async () => {
      const store = await openStore({ maxRevocations: 1 });
      await store.add({ name: 'a', expiresAt: NOW + 60 });
      setTime(NOW + 300);
      await store.add({ name: 'b', expiresAt: NOW + 600 });

      expect(store.find('b')).toBeDefined();
    });

    test('rejects no entry because its owner has many', async () => {
      const store = await openStore({ maxRevocationsPerClient: 1 });
      const names = ['a', 'b', 'c'];
      for (const name of names) await store.add({ name, expiresAt: NOW + 600, owner: 'one' });

      expect(names.filter((name) => store.find(name) === undefined)).toEqual([]);
    });

    test('accepts names with any characters, and deletes them again', async () => {
      const store = await openStore();
      const names = ['', '__proto__', 'a\u0000b', '\u0000', 'ü'.repeat(200), '\u{1f511}', '{a}|b:', '*'];
      for (const name of names) await store.add({ name, expiresAt: NOW + 60, owner: 'demo' });

      expect(names.map((name) => store.find(name)?.name)).toEqual(names);
      setTime(NOW + 300);
      await store.add({ name: 'z', expiresAt: NOW + 600 });
      expect(store.size).toBe(1);
    });
  });
}
