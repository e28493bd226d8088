import { describe, expect, test } from '@jest/globals';
import type { FamilyGroup, FamilyRecord, FamilyStore } from '../../src/stores/family-store.js';
import { createRandom } from '../support/random.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { stateOf } from './family-store-contract.js';
import type { StoresUnderTest } from './stores-under-test.js';

interface Identities {
  readonly clientId?: string;
  readonly subject?: string;
  readonly sessionId?: string;
}

function familyOf(id: string, identities: Identities = {}, expiresAt = NOW + 600): FamilyRecord {
  return { id, state: { ...stateOf(`digest of ${id}`), ...identities }, expiresAt };
}

const OF_DEMO: FamilyGroup = { kind: 'api_key', clientId: 'demo' };

/** Ids page by page, each page after `meanwhile`. */
async function idsByPage(
  store: FamilyStore,
  group: FamilyGroup = OF_DEMO,
  { limit = 1000, meanwhile = async () => {} }: { limit?: number; meanwhile?: () => Promise<void> } = {},
): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await store.list(group, { limit, ...(after === undefined ? {} : { after }) });
    pages.push(page.families.map(({ id }) => id));
    after = page.next;
    isLast = after === undefined;
    await meanwhile();
  }
  return pages;
}

const idsOf = async (store: FamilyStore, group?: FamilyGroup): Promise<readonly string[]> =>
  (await idsByPage(store, group)).flat().sort();

async function change(
  store: FamilyStore,
  id: string,
  changes: Partial<FamilyRecord['state']>,
): Promise<boolean> {
  const read = await store.find({ clientId: 'demo', id });
  return read !== undefined && store.replace({ ...read, state: { ...read.state, ...changes } });
}

export function describeFamilyList({ open, setTime }: StoresUnderTest): void {
  const openStore = async () => (await open()).families;
  const insertAll = (store: FamilyStore, families: readonly FamilyRecord[]) =>
    Promise.all(families.map((family) => store.insert(family)));

  describe('listing refresh-token families', () => {
    test('distinguishes those of an API key, of a subject and of a session', async () => {
      const store = await openStore();
      await insertAll(store, [
        familyOf('a', { subject: 'alice', sessionId: 's1' }),
        familyOf('b', { subject: 'alice', sessionId: 's2' }),
        familyOf('c', { subject: 'bob', sessionId: 's1' }),
        familyOf('d', { clientId: 'other', subject: 'alice', sessionId: 's1' }),
      ]);

      expect(await idsOf(store)).toEqual(['a', 'b', 'c']);
      expect(await idsOf(store, { kind: 'subject', clientId: 'demo', subject: 'alice' })).toEqual(['a', 'b']);
      expect(await idsOf(store, { kind: 'session', clientId: 'demo', sessionId: 's1' })).toEqual(['a', 'c']);
      expect(await idsOf(store, { kind: 'subject', clientId: 'other', subject: 'alice' })).toEqual(['d']);
      expect(await idsOf(store, { kind: 'subject', clientId: 'nobody', subject: 'alice' })).toEqual([]);
    });

    test('returns each family as find() does', async () => {
      const store = await openStore();
      await store.insert(familyOf('a'));
      await change(store, 'a', { lastUsedAt: NOW + 5 });
      const { families } = await store.list(OF_DEMO, { limit: 10 });

      expect(families).toEqual([await store.find({ clientId: 'demo', id: 'a' })]);
      expect(families[0]?.state.lastUsedAt).toBe(NOW + 5);
    });

    test('distinguishes families of two clients with the same ID', async () => {
      const store = await openStore();
      const families = [familyOf('a'), familyOf('a', { clientId: 'other' })];
      expect(await insertAll(store, families)).toEqual([true, true]);
      await change(store, 'a', { ended: 'revoked' });

      expect(await idsOf(store)).toEqual([]);
      expect(await idsOf(store, { kind: 'api_key', clientId: 'other' })).toEqual(['a']);
      expect((await store.find({ clientId: 'other', id: 'a' }))?.state.ended).toBeUndefined();
    });

    test('confuses no groups, for all characters in their names', async () => {
      const store = await openStore();
      const names = [
        'a',
        'a b',
        'ab',
        'a"',
        'a"]',
        '"a"',
        'a\\',
        'a\u0000',
        'a\u0000b',
        'ä',
        '{a}',
        '}',
        '%7D',
        '*',
        '[',
      ];
      const long = names.map((name) => name + 'x'.repeat(64));
      const clients = [...names, ...long].slice(0, 200);
      await insertAll(
        store,
        clients.flatMap((name) => [
          familyOf(name, { clientId: name, subject: 'a', sessionId: 'a' }),
          familyOf(name, { subject: name, sessionId: `session ${name}` }),
        ]),
      );

      for (const name of clients) {
        expect(await idsOf(store, { kind: 'api_key', clientId: name })).toEqual([name]);
        expect(await idsOf(store, { kind: 'subject', clientId: 'demo', subject: name })).toEqual([name]);
        expect(await idsOf(store, { kind: 'session', clientId: 'demo', sessionId: name })).toEqual([]);
      }
      expect(await idsOf(store)).toEqual([...clients].sort());
    });

    test('omits ended families', async () => {
      const store = await openStore();
      await insertAll(store, [familyOf('a'), familyOf('b')]);
      await change(store, 'a', { ended: 'reused' });

      expect(await idsOf(store)).toEqual(['b']);
      expect((await store.find({ clientId: 'demo', id: 'a' }))?.state.ended).toBe('reused');
    });

    test('omits expired families, also if another subject reuses the ID', async () => {
      const store = await openStore();
      await insertAll(store, [familyOf('a', { subject: 'alice' }), familyOf('b')]);
      setTime(NOW + 601);
      expect(await idsOf(store)).toEqual([]);
      await store.insert(familyOf('a', { subject: 'bob' }, NOW + 1200));

      expect(await idsOf(store)).toEqual(['a']);
      expect(await idsOf(store, { kind: 'subject', clientId: 'demo', subject: 'alice' })).toEqual([]);
    });

    test('keeps a family that was extended beyond its first expiry', async () => {
      const store = await openStore();
      await store.insert(familyOf('a'));
      const read = await store.find({ clientId: 'demo', id: 'a' });
      if (read === undefined) throw new Error('It was inserted');
      await store.replace({ ...read, expiresAt: NOW + 1200 });
      setTime(NOW + 900);
      await store.insert(familyOf('b', {}, NOW + 1200));

      expect(await idsOf(store)).toEqual(['a', 'b']);
    });

    test('returns each family on exactly one page, however often it is used meanwhile', async () => {
      const store = await openStore();
      const ids = Array.from({ length: 25 }, (_, index) => `f${index}`);
      await insertAll(
        store,
        ids.map((id) => familyOf(id)),
      );
      const useAll = async (): Promise<void> => {
        await Promise.all(ids.map((id) => change(store, id, { lastUsedAt: NOW + 1 })));
      };
      const pages = await idsByPage(store, OF_DEMO, { limit: 10, meanwhile: useAll });

      expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
      expect(pages.flat().sort()).toEqual([...ids].sort());
    });

    test('may end with a full page', async () => {
      const store = await openStore();
      await insertAll(store, [familyOf('a'), familyOf('b')]);

      expect(await idsByPage(store, OF_DEMO, { limit: 2 })).toEqual([['a', 'b']]);
    });

    test.each([0, 1001, 1.5, -1, Number.NaN, '10'])('rejects a limit of %p', async (limit) => {
      const store = await openStore();

      await expect(store.list(OF_DEMO, untyped({ limit }))).rejects.toThrow(TypeError);
    });

    test('agrees with find(), whichever step wins a race', async () => {
      const store = await openStore();
      const ids = Array.from({ length: 20 }, (_, index) => `f${index}`);
      await insertAll(
        store,
        ids.map((id) => familyOf(id)),
      );
      await Promise.all(
        ids.flatMap((id, index) => {
          const uses = [change(store, id, { current: 'used' }), change(store, id, { ended: 'revoked' })];
          return index % 2 === 0 ? uses : uses.reverse();
        }),
      );
      const found = await Promise.all(ids.map((id) => store.find({ clientId: 'demo', id })));
      const live = found.flatMap((family) => (family?.state.ended === undefined ? [family?.id] : []));

      expect(await idsOf(store)).toEqual(live.sort());
    });

    test('agrees with find() after 300 random steps', async () => {
      const store = await openStore();
      const random = createRandom(5);
      const pick = <Item>(items: readonly Item[]): Item | undefined =>
        items[Math.floor(random() * items.length)];
      const ids = Array.from({ length: 40 }, (_, index) => `f${index}`);
      let now = NOW;
      for (let step = 0; step < 300; step += 1) {
        const id = pick(ids) ?? '';
        const subject = pick(['alice', 'bob']) ?? '';
        const kind = random();
        if (kind < 0.5) await store.insert(familyOf(id, { subject }, now + 30 + Math.floor(random() * 90)));
        else if (kind < 0.8) await change(store, id, { current: String(step) });
        else if (kind < 0.9) await change(store, id, { ended: 'revoked' });
        else now += 20;
        setTime(now);
      }
      const found = await Promise.all(ids.map((id) => store.find({ clientId: 'demo', id })));
      const live = found.flatMap((family) => (family === undefined || family.state.ended ? [] : [family]));

      expect(live.length).toBeGreaterThan(3);
      expect(await idsOf(store)).toEqual(live.map(({ id }) => id).sort());
      for (const subject of ['alice', 'bob']) {
        const own = live.filter(({ state }) => state.subject === subject);
        expect(await idsOf(store, { kind: 'subject', clientId: 'demo', subject })).toEqual(
          own.map(({ id }) => id).sort(),
        );
      }
    });
  });
}
