import { afterEach, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from '../../src/errors.js';
import type { RevocationStore } from '../../src/stores/revocation-store.js';
import { NOW } from '../support/tokens.js';

export interface StoreSetting {
  readonly clock: () => number;
  readonly maxEntries?: number;
  readonly maxEntriesPerOwner?: number;
}

/** What every driver promises; each runs it on a store of its own. */
export function describeRevocationStore(
  driver: string,
  create: (setting: StoreSetting) => Promise<RevocationStore>,
): void {
  describe(`the ${driver} revocation store`, () => {
    const open: RevocationStore[] = [];
    let now = NOW;

    const createStore = async (setting: Partial<StoreSetting> = {}) => {
      now = NOW;
      const store = await create({ clock: () => now, ...setting });
      open.push(store);
      return store;
    };

    afterEach(async () => {
      await Promise.all(open.splice(0).map((store) => store.close()));
    });

    test('knows nothing at first', async () => {
      const store = await createStore();

      expect(store.find('a')).toBeUndefined();
      expect(store.size).toBe(0);
    });

    test('finds what was added, exactly', async () => {
      const store = await createStore();
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
    ])('keeps the wider of two entries: %s', async (_name, first, second, expected) => {
      const store = await createStore();
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
      const store = await createStore();
      for (const seconds of [first, second]) await store.add({ name: 'a', expiresAt: NOW + seconds });

      expect(store.find('a')?.expiresAt).toBe(NOW + 900);
    });

    test('keeps an entry until it expires, whatever is added meanwhile', async () => {
      const store = await createStore();
      await store.add({ name: 'a', expiresAt: NOW + 600 });
      now = NOW + 599;
      await store.add({ name: 'b', expiresAt: NOW + 1200 });

      expect(store.find('a')).toBeDefined();
    });

    test('forgets what has expired, so that it does not grow without bound', async () => {
      const store = await createStore();
      await Promise.all(['a', 'b', 'c'].map((name) => store.add({ name, expiresAt: NOW + 60 })));
      now = NOW + 300;
      await store.add({ name: 'd', expiresAt: NOW + 600 });

      expect(store.size).toBe(1);
      expect(store.find('d')).toBeDefined();
    });

    test('refuses a further entry where it is full, and forgets none to make room', async () => {
      const store = await createStore({ maxEntries: 2 });
      await store.add({ name: 'a', expiresAt: NOW + 600 });
      await store.add({ name: 'b', expiresAt: NOW + 600 });

      await expect(store.add({ name: 'c', expiresAt: NOW + 600 })).rejects.toBeInstanceOf(
        TemporarilyUnavailableError,
      );
      expect(['a', 'b', 'c'].map((name) => store.find(name) !== undefined)).toEqual([true, true, false]);
    });

    test('still widens an entry where it is full', async () => {
      const store = await createStore({ maxEntries: 1 });
      await store.add({ name: 'a', issuedUpTo: 100, expiresAt: NOW + 600 });
      await store.add({ name: 'a', issuedUpTo: 200, expiresAt: NOW + 600 });

      expect(store.find('a')?.issuedUpTo).toBe(200);
    });

    test('has room again once entries expired', async () => {
      const store = await createStore({ maxEntries: 1 });
      await store.add({ name: 'a', expiresAt: NOW + 60 });
      now = NOW + 300;
      await store.add({ name: 'b', expiresAt: NOW + 600 });

      expect(store.find('b')).toBeDefined();
    });

    test('bounds what one owner can have, and no other', async () => {
      const store = await createStore({ maxEntriesPerOwner: 1 });
      await store.add({ name: 'a', expiresAt: NOW + 60, owner: 'one' });

      await expect(store.add({ name: 'b', expiresAt: NOW + 600, owner: 'one' })).rejects.toMatchObject({
        code: 'ERR_TEMPORARILY_UNAVAILABLE',
      });
      await store.add({ name: 'c', expiresAt: NOW + 600, owner: 'other' });
      await store.add({ name: 'd', expiresAt: NOW + 600 });
      now = NOW + 300;
      await store.add({ name: 'e', expiresAt: NOW + 600, owner: 'one' });

      expect(['a', 'b', 'c', 'd', 'e'].filter((name) => store.find(name) !== undefined)).toEqual([
        'c',
        'd',
        'e',
      ]);
    });

    test('takes names with any characters', async () => {
      const store = await createStore();
      const names = ['', '__proto__', 'a\u0000b', 'ü'.repeat(300), '\u{1f511}'];
      for (const name of names) await store.add({ name, expiresAt: NOW + 600 });

      expect(names.map((name) => store.find(name)?.name)).toEqual(names);
    });
  });
}
