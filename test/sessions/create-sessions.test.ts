import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  createSessions,
  type Revocations,
  type SessionOwner,
  type Sessions,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import type { FamilyStore, Stores } from 'passport-jwe/stores';
import type { AuditRecord } from '../../src/audit/events.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { FamilyStart, RefreshFamilies } from '../../src/sessions/refresh-contract.js';
import { createRefreshFamilies } from '../../src/sessions/refresh-families.js';
import { resolveRefreshSettings } from '../../src/sessions/refresh-settings.js';
import { type RefreshTokenCodec, refreshTokenCodec } from '../../src/sessions/refresh-token-codec.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const START: FamilyStart = {
  clientId: 'demo',
  subject: 'alice',
  subjectAsserted: true,
  audience: AUDIENCE,
  scope: 'read write',
};
const UNAVAILABLE = { status: 503, error: 'temporarily_unavailable' };
const ALICE = { clientId: 'demo', subject: 'alice' };

let now = NOW;
let records: AuditRecord[];
let stores: Stores;
let revocations: Revocations;
let codec: RefreshTokenCodec;
let families: RefreshFamilies;
let sessions: Sessions;

/** What uses and ends sessions, on the same revocations, with this family store. */
function build(store: FamilyStore): { readonly families: RefreshFamilies; readonly sessions: Sessions } {
  const clock = () => now;
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const settings = resolveRefreshSettings({}, 'tokenRouter');
  return {
    families: createRefreshFamilies({ store, codec, revocations, settings, audit, clock }),
    sessions: createSessions({ stores: { families: store }, revocations, audit, clock }),
  };
}

beforeEach(async () => {
  now = NOW;
  records = [];
  stores = createMemoryStores({ clock: () => now });
  revocations = createRevocations({ stores, clock: () => now });
  codec = refreshTokenCodec(internalsOf(await createRing()), ISSUER);
  ({ families, sessions } = build(stores.families));
});

const begin = (start: Partial<FamilyStart> = {}) => families.begin({ ...START, ...start });

const refresh = async (token: string, sessionId: string | undefined = undefined, clientId = 'demo') =>
  families.rotate(await codec.open(token, now), {
    clientId,
    isPublic: false,
    sessionId,
    deviceId: undefined,
    requestedScope: '',
  });

const idsOf = async (owner: SessionOwner): Promise<readonly string[]> =>
  (await sessions.list(owner)).sessions.map(({ sessionId }) => sessionId);

const refusedAs = (reason: string) => ({ error: 'invalid_grant', reason });

describe('the list of sessions', () => {
  test('contains device, audience, scope and times of each, and no secret', async () => {
    const { refreshToken } = await begin({ sessionId: 's1', deviceId: 'phone' });
    now = NOW + 60.5;
    await families.rotate(await codec.open(refreshToken, now), {
      clientId: 'demo',
      isPublic: false,
      sessionId: 's1',
      deviceId: 'phone',
      requestedScope: '',
    });

    expect(await sessions.list(ALICE)).toEqual({
      sessions: [
        {
          sessionId: 's1',
          clientId: 'demo',
          subject: 'alice',
          deviceId: 'phone',
          audience: AUDIENCE,
          scope: 'read write',
          createdAt: NOW,
          lastUsedAt: NOW + 60.5,
          expiresAt: NOW + 60.5 + 2_592_000,
        },
      ],
    });
  });

  test('covers one subject of an API key, or the whole key', async () => {
    await begin({ sessionId: 'a' });
    await begin({ sessionId: 'b', subject: 'bob' });
    await begin({ sessionId: 'c', clientId: 'other' });

    expect(await idsOf(ALICE)).toEqual(['a']);
    expect([...(await idsOf({ clientId: 'demo' }))].sort()).toEqual(['a', 'b']);
    expect(await idsOf({ clientId: 'other', subject: 'bob' })).toEqual([]);
  });

  test('begins with the most recently used one', async () => {
    const first = await begin({ sessionId: 'first' });
    for (const sessionId of ['second', 'third']) {
      now += 10;
      await begin({ sessionId });
    }
    now += 10;
    await refresh(first.refreshToken, 'first');

    expect(await idsOf(ALICE)).toEqual(['first', 'third', 'second']);
  });

  test('contains none that expired, was ended, or was revoked in any way', async () => {
    await begin({ sessionId: 'expired' });
    now = NOW + 2_592_000;
    const reused = await begin({ sessionId: 'reused' });
    await refresh(reused.refreshToken, 'reused');
    now += 11;
    await expect(refresh(reused.refreshToken, 'reused')).rejects.toMatchObject(refusedAs('reused'));
    await begin({ sessionId: 'revoked' });
    await revocations.revoke({ kind: 'session', clientId: 'demo', sessionId: 'revoked' });
    await begin({ sessionId: 'live' });

    expect(await idsOf(ALICE)).toEqual(['live']);
  });

  test('reads a subject that its object inherits', async () => {
    await begin({ sessionId: 'a' });
    await begin({ sessionId: 'b', subject: 'bob' });

    expect(await idsOf(Object.create(ALICE))).toEqual(['a']);
  });

  test('is paginated', async () => {
    for (let serial = 0; serial < 5; serial += 1) await begin({ sessionId: `s${serial}` });
    const first = await sessions.list({ ...ALICE, limit: 3 });
    const second = await sessions.list({ ...ALICE, limit: 3, after: first.next ?? '' });
    const shown = [...first.sessions, ...second.sessions].map(({ sessionId }) => sessionId);

    expect(first.sessions).toHaveLength(3);
    expect(second.next).toBeUndefined();
    expect(shown.sort()).toEqual(['s0', 's1', 's2', 's3', 's4']);
  });

  test.each([
    ['a subject that was looked for and not found', { clientId: 'demo', subject: undefined }],
    ['no subject that is text', { clientId: 'demo', subject: null }],
    ['an empty subject', { clientId: 'demo', subject: '' }],
    ['no client', { subject: 'alice' }],
    ['a member that is misspelt', { clientId: 'demo', subjet: 'alice' }],
    ['an invalid limit', { ...ALICE, limit: 0 }],
    ['nothing at all', undefined],
  ])('is rejected for %s, rather than list other sessions', async (_name, query) => {
    await expect(Reflect.apply(sessions.list, sessions, [query])).rejects.toThrow(TypeError);
  });

  test.each(['x'.repeat(5000), '\ud800'])(
    'is empty for a subject that no store can contain: %#',
    async (subject) => {
      const list = () => Promise.reject(new TemporarilyUnavailableError());

      expect(await build({ ...stores.families, list }).sessions.list({ clientId: 'demo', subject })).toEqual({
        sessions: [],
      });
    },
  );
});

describe('an ended session', () => {
  test('is no longer refreshed or listed, and others stay', async () => {
    const ended = await begin({ sessionId: 'a' });
    const other = await begin({ sessionId: 'b' });

    expect(await sessions.end({ ...ALICE, sessionId: 'a' })).toBe(true);
    await expect(refresh(ended.refreshToken, 'a')).rejects.toMatchObject(refusedAs('ended'));
    expect(await idsOf(ALICE)).toEqual(['b']);
    await refresh(other.refreshToken, 'b');
  });

  test('leaves a tombstone without a sealed successor', async () => {
    const { refreshToken } = await begin({ sessionId: 's' });
    await refresh(refreshToken, 's');
    await sessions.end({ ...ALICE, sessionId: 's' });
    const kept = await stores.families.find((await codec.open(refreshToken, now)).family);

    expect(kept?.state).toMatchObject({ ...ALICE, sessionId: 's', ended: 'revoked' });
    expect(kept?.state.parent).toBeUndefined();
  });

  test('can be passed as it was listed', async () => {
    await begin();
    const [session] = (await sessions.list({ clientId: 'demo' })).sessions;
    if (session === undefined) throw new Error('It began');

    expect(await sessions.end(session)).toBe(true);
    expect(await idsOf(ALICE)).toEqual([]);
  });

  test('ends for all devices that share it', async () => {
    const begun = [await begin({ sessionId: 's', deviceId: 'a' }), await begin({ sessionId: 's' })];
    await sessions.end({ ...ALICE, sessionId: 's' });

    expect(await idsOf(ALICE)).toEqual([]);
    await expect(refresh(begun[1]?.refreshToken ?? '', 's')).rejects.toMatchObject(refusedAs('ended'));
  });

  test('is not that of another subject or client of the same name', async () => {
    await begin({ sessionId: 's' });
    const bobs = await begin({ sessionId: 's', subject: 'bob' });
    const foreign = await begin({ sessionId: 's', clientId: 'other' });
    await sessions.end({ ...ALICE, sessionId: 's' });

    expect(await idsOf(ALICE)).toEqual([]);
    await refresh(bobs.refreshToken, 's');
    await refresh(foreign.refreshToken, 's', 'other');
  });

  test('is that of every subject if none is named', async () => {
    await begin({ sessionId: 's' });
    await begin({ sessionId: 's', subject: 'bob' });
    await sessions.end({ clientId: 'demo', sessionId: 's' });

    expect(await idsOf({ clientId: 'demo' })).toEqual([]);
  });

  test('is recorded once, with the client that requested it', async () => {
    await begin({ sessionId: 's' });
    await sessions.end({ ...ALICE, sessionId: 's', requestedBy: 'demo' });
    await sessions.end({ ...ALICE, sessionId: 's', requestedBy: 'demo' });
    const ended = records.filter(({ type }) => type === 'session.ended');

    expect(ended).toEqual([expect.objectContaining({ ...ALICE, sessionId: 's', reason: 'revoked' })]);
  });

  test.each(['unknown', '..', '{'])(
    'is not found if it is unknown, and nothing is revoked: %j',
    async (sessionId) => {
      await begin({ sessionId: 's' });

      expect(await sessions.end({ ...ALICE, sessionId })).toBe(false);
      expect(stores.revocations.size).toBe(0);
    },
  );

  test.each(['x'.repeat(5000), '\ud800'])(
    'is not found without a query if no store can contain it: %#',
    async (sessionId) => {
      const list = () => Promise.reject(new TemporarilyUnavailableError());

      expect(await build({ ...stores.families, list }).sessions.end({ ...ALICE, sessionId })).toBe(false);
    },
  );

  test.each([
    { clientId: 'demo' },
    { clientId: 'demo', sessionId: '' },
    { clientId: 'demo', sessionId: 's', subjet: 'alice' },
  ])('requires its identities: %j', async (session) => {
    await expect(sessions.end(untyped(session))).rejects.toThrow(TypeError);
  });
});

describe('all sessions of a subject', () => {
  test('end, 250 of them, with all other tokens of the subject', async () => {
    for (let serial = 0; serial < 250; serial += 1) await begin();
    const bobs = await begin({ subject: 'bob' });

    expect(await sessions.endAll(ALICE)).toBe(250);
    expect(await idsOf(ALICE)).toEqual([]);
    expect(revocations.isFamilyRevoked({ ...ALICE, sessionId: 'any', createdAt: NOW })).toBe(true);
    await refresh(bobs.refreshToken);
  });

  test('can begin again', async () => {
    await begin();
    await sessions.endAll(ALICE);
    now = NOW + 1;
    const { refreshToken } = await begin();

    await refresh(refreshToken);
  });

  test('end except one, which stays usable', async () => {
    const kept = await begin({ sessionId: 'kept' });
    const others = [await begin({ sessionId: 'a' }), await begin({ sessionId: 'b' })];
    const bobs = await begin({ sessionId: 'kept', subject: 'bob' });

    expect(await sessions.endAll({ ...ALICE, keep: { subject: 'alice', sessionId: 'kept' } })).toBe(2);
    expect(await idsOf(ALICE)).toEqual(['kept']);
    await refresh(kept.refreshToken, 'kept');
    await refresh(bobs.refreshToken, 'kept');
    for (const [index, { refreshToken }] of others.entries()) {
      await expect(refresh(refreshToken, ['a', 'b'][index])).rejects.toMatchObject(refusedAs('ended'));
    }
  });

  test.each([{ keep: { subject: 'alice' } }, { keep: { sessionId: 's' } }, { keeps: {} }, { subject: '' }])(
    'do not end if the owner or the session to keep is incomplete: %j',
    async (owner) => {
      await begin({ sessionId: 's' });

      await expect(sessions.endAll(untyped({ ...ALICE, ...owner }))).rejects.toThrow(TypeError);
      expect(await idsOf(ALICE)).toEqual(['s']);
    },
  );
});

describe('all sessions of an API key', () => {
  test('end with those of all its users, and with all tokens of the key', async () => {
    await begin();
    await begin({ subject: 'bob' });
    const foreign = await begin({ clientId: 'other' });

    expect(await sessions.endAll({ clientId: 'demo' })).toBe(2);
    expect(await idsOf({ clientId: 'demo' })).toEqual([]);
    expect(
      revocations.isFamilyRevoked({ clientId: 'demo', subject: 'carol', sessionId: 's', createdAt: NOW }),
    ).toBe(true);
    await refresh(foreign.refreshToken, undefined, 'other');
  });

  test('end except one of one user', async () => {
    await begin({ sessionId: 's' });
    await begin({ sessionId: 's', subject: 'bob' });
    await sessions.endAll({ clientId: 'demo', keep: { subject: 'bob', sessionId: 's' } });

    expect((await sessions.list({ clientId: 'demo' })).sessions).toMatchObject([{ subject: 'bob' }]);
  });
});

const ENDS: readonly (readonly [string, (by: Sessions) => Promise<unknown>])[] = [
  ['one', (by) => by.end({ ...ALICE, sessionId: 's' })],
  ['all', (by) => by.endAll(ALICE)],
  ['all but one', (by) => by.endAll({ ...ALICE, keep: { subject: 'alice', sessionId: 'kept' } })],
];

describe.each(ENDS)('if %s cannot be ended', (_name, end) => {
  test('while revocations are unavailable, it rejects and changes nothing', async () => {
    const { refreshToken } = await begin({ sessionId: 's' });
    const away = { ...revocations, revoke: () => Promise.reject(new TemporarilyUnavailableError()) };
    const failing = createSessions({ stores, revocations: away });

    await expect(end(failing)).rejects.toMatchObject(UNAVAILABLE);
    expect(await idsOf(ALICE)).toEqual(['s']);
    await refresh(refreshToken, 's');
  });

  test('half-way, it rejects, nothing stays usable, and a retry completes it', async () => {
    const { refreshToken } = await begin({ sessionId: 's' });
    const replace = () => Promise.reject(new TemporarilyUnavailableError());
    const failing = build({ ...stores.families, replace }).sessions;

    await expect(end(failing)).rejects.toMatchObject(UNAVAILABLE);
    expect(await idsOf(ALICE)).toEqual([]);
    await expect(refresh(refreshToken, 's')).rejects.toMatchObject(refusedAs('revoked'));

    await end(sessions);
    await expect(refresh(refreshToken, 's')).rejects.toMatchObject(refusedAs('ended'));
  });
});

describe('a use that races with the end', () => {
  test.each(ENDS)('of %s leaves no live token, 300 times', async (_name, end) => {
    const random = createRandom(4);
    for (let race = 0; race < 300; race += 1) {
      now += 2;
      const tokens = [(await begin({ sessionId: 's' })).refreshToken];
      const use = async (): Promise<void> => {
        for (let step = 0; step < 5; step += 1) tokens.push(await refresh(tokens.at(-1) ?? '', 's'));
      };
      const ending = async (): Promise<void> => {
        for (let pause = Math.floor(random() * 20); pause > 0; pause -= 1) await Promise.resolve();
        await end(sessions);
      };
      await Promise.allSettled([use(), ending()]);

      expect(await idsOf(ALICE)).toEqual([]);
      for (const token of tokens) {
        await expect(refresh(token, 's')).rejects.toMatchObject({ error: 'invalid_grant' });
      }
    }
  });

  test.each(ENDS)(
    'of %s and wins is covered by a second cut-off, even in a later second',
    async (_name, end) => {
      await begin({ sessionId: 's' });
      const cutOffs: number[] = [];
      const revoke: Revocations['revoke'] = async (...args) => {
        cutOffs.push(Math.floor(now));
        await revocations.revoke(...args);
      };
      const slow: FamilyStore = {
        ...stores.families,
        async find(name) {
          now += 1;
          return stores.families.find(name);
        },
      };
      await end(
        createSessions({
          stores: { families: slow },
          revocations: { ...revocations, revoke },
          clock: () => now,
        }),
      );

      expect(cutOffs).toEqual([NOW, NOW + 1]);
    },
  );
});

describe('ended sessions stay ended after their revocation has expired', () => {
  /** Access tokens have expired, and the store has forgotten what concerned them alone. */
  const passTwoDays = async (): Promise<void> => {
    now = NOW + 2 * 86_400;
    await revocations.revoke({ kind: 'kid', kid: 'other' });
    expect(stores.revocations.size).toBe(1);
  };

  test.each(ENDS)('when %s is ended', async (_name, end) => {
    const { refreshToken } = await begin({ sessionId: 's' });
    await end(sessions);
    await passTwoDays();

    await expect(refresh(refreshToken, 's')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test.each(ENDS)('for a family that is just beginning when %s is ended', async (_name, end) => {
    await begin({ sessionId: 's' });
    const slow = build({
      ...stores.families,
      async insert(family) {
        if (!family.id.startsWith('end:')) await end(sessions);
        return stores.families.insert(family);
      },
    });
    const { refreshToken } = await slow.families.begin({ ...START, sessionId: 's' });
    await passTwoDays();

    await expect(refresh(refreshToken, 's')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test.each(ENDS)('for a family that began before the second cut-off of %s', async (_name, end) => {
    await begin({ sessionId: 's' });
    let refreshToken = '';
    const slow = build({
      ...stores.families,
      async replace(family) {
        if (family.id.startsWith('end:') || refreshToken !== '') return stores.families.replace(family);
        now += 1;
        ({ refreshToken } = await begin({ sessionId: 's' }));
        return stores.families.replace(family);
      },
    });
    await end(slow.sessions);
    await passTwoDays();

    await expect(refresh(refreshToken, 's')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test.each(ENDS)('when the end of %s failed half-way, until families expire', async (_name, end) => {
    const { refreshToken } = await begin({ sessionId: 's' });
    const replace = () => Promise.reject(new TemporarilyUnavailableError());
    await expect(end(build({ ...stores.families, replace }).sessions)).rejects.toMatchObject(UNAVAILABLE);
    now = NOW + 2 * 86_400;
    await revocations.revoke({ kind: 'kid', kid: 'other' });

    await expect(refresh(refreshToken, 's')).rejects.toMatchObject(refusedAs('revoked'));
  });

  test('but can begin again in a later second', async () => {
    await begin({ sessionId: 's' });
    await sessions.end({ ...ALICE, sessionId: 's' });
    now += 1;
    const { refreshToken } = await begin({ sessionId: 's' });

    await expect(refresh(refreshToken, 's')).resolves.toEqual(expect.any(String));
  });

  test('without listing the mark', async () => {
    await begin({ sessionId: 's' });
    await sessions.end({ ...ALICE, sessionId: 's' });
    await sessions.endAll(ALICE);

    expect((await sessions.list({ clientId: 'demo' })).sessions).toEqual([]);
  });
});

describe('createSessions', () => {
  const REVOCATIONS = createRevocations({ stores: createMemoryStores() });

  test.each([
    ['no stores', { revocations: REVOCATIONS }],
    ['stores without families', { stores: {}, revocations: REVOCATIONS }],
    ['families that are no store', { stores: { families: {} }, revocations: REVOCATIONS }],
    ['stores without revocations', { stores: createMemoryStores() }],
    ['an option that there is not', { stores: createMemoryStores(), revocations: REVOCATIONS, store: {} }],
  ])('rejects %s', (_name, options) => {
    expect(() => Reflect.apply(createSessions, undefined, [options])).toThrow(TypeError);
  });
});
