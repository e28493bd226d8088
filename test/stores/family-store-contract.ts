import { describe, expect, test } from '@jest/globals';
import type { FamilyState } from '../../src/stores/family-store.js';
import { NOW } from '../support/tokens.js';
import type { StoresUnderTest } from './stores-under-test.js';

/** A state with every member that there can be, and characters beyond ASCII. */
export function stateOf(current: string): FamilyState {
  return {
    clientId: 'demo',
    subject: 'älice',
    subjectAsserted: true,
    sessionId: 's1',
    sessionChosen: false,
    deviceId: 'd1',
    audience: 'https://api.example.com',
    scope: 'read:documents',
    createdAt: NOW,
    lastUsedAt: NOW + 0.5,
    endsAt: NOW + 900,
    current,
    parent: { digest: 'p', sealedSuccessor: 'x', sealingKid: 'k', requestedScope: '', consumedAt: NOW },
    wrongBindings: 1,
  };
}

export function describeFamilyStore({ open, setTime }: StoresUnderTest): void {
  const openStore = async () => (await open()).families;
  const family = { id: 'f1', state: stateOf('digest-1'), expiresAt: NOW + 600 };

  describe('the family store', () => {
    test('finds an inserted family, and no other', async () => {
      const store = await openStore();

      expect(await store.insert(family)).toBe(true);
      expect(await store.find({ clientId: 'demo', id: 'f1' })).toMatchObject(family);
      expect(await store.find({ clientId: 'demo', id: 'f2' })).toBeUndefined();
    });

    test('rejects a second family with the same ID', async () => {
      const store = await openStore();
      await store.insert(family);

      expect(await store.insert({ ...family, state: stateOf('digest-9') })).toBe(false);
      expect((await store.find({ clientId: 'demo', id: 'f1' }))?.state).toEqual(family.state);
    });

    test('replaces a family that is unchanged since it was read', async () => {
      const store = await openStore();
      await store.insert(family);
      const read = await store.find({ clientId: 'demo', id: 'f1' });
      if (read === undefined) throw new Error('It was inserted');

      expect(await store.replace({ ...read, state: stateOf('digest-2'), expiresAt: NOW + 900 })).toBe(true);
      const replaced = await store.find({ clientId: 'demo', id: 'f1' });
      expect(replaced).toMatchObject({ state: stateOf('digest-2'), expiresAt: NOW + 900 });
      expect(replaced?.revision).not.toBe(read.revision);
    });

    test('lets exactly one of several replacements of a revision succeed', async () => {
      const store = await openStore();
      await store.insert(family);
      const read = await store.find({ clientId: 'demo', id: 'f1' });
      if (read === undefined) throw new Error('It was inserted');
      const rivals = Array.from({ length: 20 }, (_, rival) =>
        store.replace({ ...read, state: stateOf(String(rival)) }),
      );
      const winners = (await Promise.all(rivals)).flatMap((won, rival) => (won ? [rival] : []));

      expect(winners).toHaveLength(1);
      expect((await store.find({ clientId: 'demo', id: 'f1' }))?.state).toEqual(stateOf(String(winners[0])));
    });

    test('does not replace an unknown family', async () => {
      const store = await openStore();

      expect(await store.replace({ ...family, revision: 1 })).toBe(false);
      expect(await store.find({ clientId: 'demo', id: 'f1' })).toBeUndefined();
    });

    test('forgets an expired family and frees its ID', async () => {
      const store = await openStore();
      await store.insert(family);
      const read = await store.find({ clientId: 'demo', id: 'f1' });
      if (read === undefined) throw new Error('It was inserted');
      setTime(NOW + 601);

      expect(await store.find({ clientId: 'demo', id: 'f1' })).toBeUndefined();
      expect(await store.replace({ ...read, expiresAt: NOW + 900 })).toBe(false);
      expect(await store.insert({ ...family, expiresAt: NOW + 900 })).toBe(true);
    });

    test('keeps a family that was extended beyond its first expiry', async () => {
      const store = await openStore();
      await store.insert(family);
      const read = await store.find({ clientId: 'demo', id: 'f1' });
      if (read === undefined) throw new Error('It was inserted');
      await store.replace({ ...read, expiresAt: NOW + 1200 });
      setTime(NOW + 900);
      await store.insert({ ...family, id: 'f2', expiresAt: NOW + 1200 });

      expect(await store.find({ clientId: 'demo', id: 'f1' })).toBeDefined();
    });
  });
}
