import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError } from 'passport-jwe';
import type { FamilyStore } from 'passport-jwe/stores';
import { describeOnDrivers } from '../support/drivers.js';
import { createSessionApp, type SessionAnswer, type SessionApp } from '../support/session-app.js';
import { NOW } from '../support/tokens.js';

const FILES = {
  'demo.yaml':
    'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\n' +
    'permissions: [read, manage:sessions]\n',
  'other.yaml':
    'api_key: sk-other\nkey_id: other\nname: Other\ntype: api_call\nrate_limits: {}\nusers: true\n',
};
const SESSION = { session_id: 's1' };
const PHONE = { ...SESSION, device_id: 'phone' };
const ALICE = { clientId: 'demo', subject: 'alice', sessionId: 's1' };

let app: SessionApp;
let alice: SessionAnswer;

const beginFor = (user: string, parameters = {}, apiKey = 'sk-demo') =>
  app.begin(apiKey, { user, ...SESSION, scope: 'offline_access manage:sessions', ...parameters });

/** Every way to end the session of alice. */
const WAYS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['POST /oauth/revoke with its refresh token', () => app.revoke(alice.refreshToken)],
  ['the session router', () => app.manage(alice.accessToken, 'delete', '/s1')],
  ['end() of createSessions()', () => app.sessions.end(ALICE)],
  [
    'endAll() of createSessions() that keeps another session',
    () =>
      app.sessions.endAll({
        ...{ clientId: 'demo', subject: 'alice' },
        keep: { subject: 'alice', sessionId: 'kept' },
      }),
  ],
];

/** Whether the access token is accepted and the refresh token yields another. */
async function isAlive(answer: SessionAnswer, parameters = SESSION, apiKey = 'sk-demo') {
  const refreshed = await app.refresh(answer.refreshToken, parameters, apiKey);
  return [(await app.use(answer.accessToken)) === 200, refreshed.status === 200];
}

const ALIVE = [true, true];
const ENDED = [false, false];

describeOnDrivers('a session of alice that is ended', (open) => {
  beforeEach(async () => {
    app = await createSessionApp(FILES, open);
    alice = await beginFor('alice');
  });

  test.each(WAYS)('by %s revokes her access tokens', async (_name, end) => {
    const next = await app.refresh(alice.refreshToken, SESSION);
    await end();

    expect(await isAlive(next)).toEqual(ENDED);
    expect(await app.use(alice.accessToken)).toBe(401);
  });

  test.each(WAYS)('by %s does not end the session of bob with the same ID', async (_name, end) => {
    const bob = await beginFor('bob');
    await end();

    expect(await isAlive(bob)).toEqual(ALIVE);
  });

  test.each(WAYS)('by %s does not end the session with that ID of the API key itself', async (_name, end) => {
    const own = await app.begin('sk-demo', SESSION);
    await end();

    expect(await isAlive(own)).toEqual(ALIVE);
  });

  test.each(WAYS)('by %s does not end the session with that ID of another API key', async (_name, end) => {
    const other = await beginFor('alice', { scope: 'offline_access' }, 'sk-other');
    await end();

    expect(await isAlive(other, SESSION, 'sk-other')).toEqual(ALIVE);
  });

  test.each(WAYS)('by %s ends the refresh tokens of all her devices', async (_name, end) => {
    const phone = await beginFor('alice', { device_id: 'phone' });
    await end();

    expect(await isAlive(phone, PHONE)).toEqual(ENDED);
  });
});

describe('the steps of an end', () => {
  beforeEach(async () => {
    app = await createSessionApp(FILES);
    alice = await beginFor('alice');
  });

  test.each(WAYS)(
    'by %s are the revocation of the session of alice, then the end of the family',
    async (_name, end) => {
      await end();
      const revocations: unknown[] = [];
      for (const target of [{ subject: 'alice' }, { subject: 'bob' }]) {
        revocations.push(
          app.revocations.isFamilyRevoked({ clientId: 'demo', sessionId: 's1', createdAt: NOW, ...target }),
        );
      }

      expect(revocations).toEqual([true, false]);
      expect((await app.findFamily(alice.refreshToken))?.state.ended).toBe('revoked');
    },
  );

  test('by POST /oauth/revoke are completed by a retry, if a store fails half-way', async () => {
    const replace = () => Promise.reject(new TemporarilyUnavailableError());
    const away = await app.rebuild({ families: { ...app.stores.families, replace } });

    expect((await away.revoke(alice.refreshToken)).status).toBe(503);
    expect(await isAlive(alice)).toEqual(ENDED);
    expect((await app.revoke(alice.refreshToken)).status).toBe(200);
    expect((await app.findFamily(alice.refreshToken))?.state.ended).toBe('revoked');
  });

  test('by POST /oauth/revoke close with a second cut-off if a second has passed', async () => {
    const { families } = app.stores;
    let later: SessionAnswer | undefined;
    /** An access token of a later second is issued in the session before the tombstone is written. */
    const slow: FamilyStore = {
      ...families,
      async replace(family) {
        if (later === undefined) {
          app.setTime(NOW + 5);
          later = await beginFor('alice');
        }
        return families.replace(family);
      },
    };
    const server = await app.rebuild({ families: slow });
    await server.revoke(alice.refreshToken);

    expect(await app.use(later?.accessToken ?? '')).toBe(401);
  });

  test('by POST /oauth/revoke need no family: the token names session and subject', async () => {
    const bob = await beginFor('bob');
    const forgetful = await app.rebuild({ families: createMemoryStores().families });

    expect((await forgetful.revoke(alice.refreshToken)).status).toBe(200);
    expect([await app.use(alice.accessToken), await app.use(bob.accessToken)]).toEqual([401, 200]);
  });

  test('by POST /oauth/revoke do not start for another client', async () => {
    const answer = await app.revoke(alice.refreshToken, 'sk-other');

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await isAlive(alice)).toEqual(ALIVE);
  });
});

describe('a reused refresh token', () => {
  test('ends its family, but issued access tokens stay valid until they expire', async () => {
    app = await createSessionApp(FILES);
    alice = await beginFor('alice');
    const next = await app.refresh(alice.refreshToken, SESSION);
    app.setTime(NOW + 60);
    await app.refresh(alice.refreshToken, SESSION);

    expect(await isAlive(next)).toEqual([true, false]);
  });

  test('does not end the other families of the session', async () => {
    app = await createSessionApp(FILES);
    alice = await beginFor('alice');
    const phone = await beginFor('alice', { device_id: 'phone' });
    await app.refresh(alice.refreshToken, SESSION);
    app.setTime(NOW + 60);
    await app.refresh(alice.refreshToken, SESSION);

    expect(await isAlive(phone, PHONE)).toEqual(ALIVE);
  });
});
