import { beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  bearerErrors,
  createRevocations,
  createSessions,
  JweStrategy,
  type KeyRing,
  type SessionRouterOptions,
  sessionRouter,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import type { FamilyStore } from 'passport-jwe/stores';
import request from 'supertest';
import { createSessionApp, type SessionAnswer, type SessionApp } from '../support/session-app.js';
import { AUDIENCE, clock, createRing, ISSUER, type MintOptions, mintToken, NOW } from '../support/tokens.js';

const PERMISSIONS = 'permissions: [read, manage:sessions, manage:all-sessions]';
const FILES = {
  'demo.yaml': `api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\n${PERMISSIONS}\n`,
  'other.yaml': `api_key: sk-other\nkey_id: other\nname: Other\ntype: function_call\nrate_limits: {}\nusers: true\n${PERMISSIONS}\n`,
};

let app: SessionApp;

beforeEach(async () => {
  app = await createSessionApp(FILES);
});

const OWN = 'offline_access manage:sessions';

/** A session of a user of the key `demo`, whose token may manage sessions. */
const beginFor = (
  user: string,
  sessionId: string,
  parameters: Record<string, string> = {},
  apiKey = 'sk-demo',
) => app.begin(apiKey, { user, session_id: sessionId, scope: OWN, ...parameters });

async function listed({ accessToken }: SessionAnswer): Promise<readonly unknown[]> {
  const { status, body } = await app.manage(accessToken, 'get');
  expect(status).toBe(200);
  return Array.isArray(body['sessions']) ? body['sessions'] : [];
}

async function listedIds(answer: SessionAnswer): Promise<readonly string[]> {
  return (await listed(answer)).map((session) => String(Reflect.get(Object(session), 'session_id'))).sort();
}

/** Whether the session of an answer is refreshed, and its access token accepted. */
async function isAlive(
  answer: SessionAnswer,
  sessionId: string,
  apiKey = 'sk-demo',
): Promise<readonly boolean[]> {
  const used = await app.use(answer.accessToken);
  const refreshed = await app.refresh(answer.refreshToken, { session_id: sessionId }, apiKey);
  return [used === 200, refreshed.status === 200];
}

const ALIVE = [true, true];
const DEAD = [false, false];

describe('GET /sessions', () => {
  test('lists the sessions of a user, with the current one marked, and forbids caching', async () => {
    const phone = await app.begin('sk-demo', {
      ...{ user: 'alice', session_id: 's1', device_id: 'phone', scope: `read ${OWN}` },
    });
    app.setTime(NOW + 60.5);
    const laptop = await beginFor('alice', 's2');
    const answer = await app.manage(laptop.accessToken, 'get');
    const common = { client_id: 'demo', subject: 'alice', audience: AUDIENCE };

    expect(phone.status).toBe(200);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      sessions: [
        {
          ...{ session_id: 's2', ...common, scope: 'manage:sessions' },
          ...{ created_at: NOW + 60, last_used_at: NOW + 60, expires_at: NOW + 60 + 2_592_000 },
          current: true,
        },
        {
          ...{ session_id: 's1', ...common, device_id: 'phone', scope: 'read manage:sessions' },
          ...{ created_at: NOW, last_used_at: NOW, expires_at: NOW + 2_592_000 },
          current: false,
        },
      ],
    });
  });

  test('does not list sessions of other users, other API keys or their users of the same name', async () => {
    const alice = await beginFor('alice', 'a');
    const bob = await beginFor('bob', 'b');
    const namesake = await beginFor('alice', 'c', {}, 'sk-other');
    const key = await app.begin('sk-demo', { session_id: 'k', scope: OWN });

    expect(await listedIds(alice)).toEqual(['a']);
    expect(await listedIds(bob)).toEqual(['b']);
    expect(await listedIds(namesake)).toEqual(['c']);
    expect(await listedIds(key)).toEqual(['k']);
  });

  test('lists the sessions of all users for an API key with keyScope, but not for a user', async () => {
    const all = { scope: `${OWN} manage:all-sessions` };
    const alice = await beginFor('alice', 'a', all);
    await beginFor('bob', 'b');
    await beginFor('carol', 'c', {}, 'sk-other');
    const key = await app.begin('sk-demo', { session_id: 'a', ...all });

    expect(await listedIds(alice)).toEqual(['a']);
    expect(await listedIds(key)).toEqual(['a', 'a', 'b']);
    expect((await listed(key)).filter((session) => Reflect.get(Object(session), 'current'))).toEqual([
      expect.objectContaining({ session_id: 'a', subject: 'demo' }),
    ]);
  });

  test('is paginated', async () => {
    const alice = await beginFor('alice', 's0');
    for (const sessionId of ['s1', 's2']) await beginFor('alice', sessionId);
    const first = await app.manage(alice.accessToken, 'get', '?limit=2');
    const second = await app.manage(alice.accessToken, 'get', `?limit=2&after=${first.body['next']}`);

    expect(first.body).toMatchObject({ sessions: [{}, {}], next: expect.any(String) });
    expect(second.body).toEqual({ sessions: [expect.anything()] });
  });

  test('lists nothing by the cursor of another user', async () => {
    const alice = await beginFor('alice', 'a');
    for (const sessionId of ['s1', 's2', 's3']) await beginFor('bob', sessionId);
    const bob = await beginFor('bob', 's4');
    const { body } = await app.manage(bob.accessToken, 'get', '?limit=1');

    expect((await app.manage(alice.accessToken, 'get', '?after=!')).body).toMatchObject({
      sessions: [{ session_id: 'a' }],
    });
    expect(
      JSON.stringify((await app.manage(alice.accessToken, 'get', `?after=${body['next']}`)).body),
    ).not.toContain('bob');
  });
});

describe('DELETE /sessions/:sessionId', () => {
  test('ends a session and its access tokens, and no other', async () => {
    const lost = await beginFor('alice', 'lost');
    const refreshed = await app.refresh(lost.refreshToken, { session_id: 'lost' });
    const current = await beginFor('alice', 'current');
    const answer = await app.manage(current.accessToken, 'delete', '/lost');

    expect(answer.status).toBe(204);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await isAlive(refreshed, 'lost')).toEqual(DEAD);
    expect(await app.use(lost.accessToken)).toBe(401);
    expect(await listedIds(current)).toEqual(['current']);
    expect(await isAlive(current, 'current')).toEqual(ALIVE);
  });

  test('ends the current one too', async () => {
    const current = await beginFor('alice', 's');

    expect((await app.manage(current.accessToken, 'delete', '/s')).status).toBe(204);
    expect(await isAlive(current, 's')).toEqual(DEAD);
    expect((await app.manage(current.accessToken, 'delete', '/s')).status).toBe(401);
  });

  test.each(['lost', 'unknown', encodeURIComponent('ü/{}?\u0000'), 'x'.repeat(8000), '%2e%2e%2f', 'a%20b'])(
    'answers ended and unknown sessions alike: %#',
    async (sessionId) => {
      await beginFor('alice', 'lost');
      const current = await beginFor('alice', 'current');
      await app.manage(current.accessToken, 'delete', '/lost');

      expect(await app.manage(current.accessToken, 'delete', `/${sessionId}`)).toMatchObject({
        status: 204,
        body: {},
      });
      expect(await listedIds(current)).toEqual(['current']);
    },
  );

  test.each([
    ['of another user', 'bob', 'sk-demo'],
    ['of a user of the same name, of another key', 'alice', 'sk-other'],
  ])('does not end a session %s, even if the names are equal', async (_name, user, apiKey) => {
    const foreign = await beginFor(user, 's', {}, apiKey);
    const current = await beginFor('alice', 'current');
    await app.manage(current.accessToken, 'delete', '/s');
    expect(await listedIds(foreign)).toEqual(['s']);

    await beginFor('alice', 's');
    await app.manage(current.accessToken, 'delete', '/s');
    expect(await listedIds(current)).toEqual(['current']);
    expect(await isAlive(foreign, 's', apiKey)).toEqual(ALIVE);
  });

  test('ends a session of a user for an API key with keyScope', async () => {
    const alice = await beginFor('alice', 'a');
    const foreign = await beginFor('alice', 'a', {}, 'sk-other');
    const key = await app.begin('sk-demo', { scope: `${OWN} manage:all-sessions` });
    await app.manage(key.accessToken, 'delete', '/a');

    expect(await isAlive(alice, 'a')).toEqual(DEAD);
    expect(await isAlive(foreign, 'a', 'sk-other')).toEqual(ALIVE);
  });

  test('ends no session of a user for an API key without keyScope', async () => {
    const alice = await beginFor('alice', 'a');
    const key = await app.begin('sk-demo', { scope: OWN });
    await app.manage(key.accessToken, 'delete', '/a');

    expect(await isAlive(alice, 'a')).toEqual(ALIVE);
  });

  test('ends nothing if the request is malformed', async () => {
    const current = await beginFor('alice', 'a');

    expect((await app.manage(current.accessToken, 'delete', '/a?keep=current')).status).toBe(400);
    expect(await isAlive(current, 'a')).toEqual(ALIVE);
  });

  test('covers the access token of a concurrent refresh, even if it is issued a second later', async () => {
    const first = await beginFor('alice', 's');
    const replace: FamilyStore['replace'] = async (family) => {
      const isReplaced = await app.stores.families.replace(family);
      const isConsumed = family.state.parent !== undefined;
      if (!isConsumed) return isReplaced;
      await app.sessions.end({ clientId: 'demo', subject: 'alice', sessionId: 's' });
      app.setTime(NOW + 1);
      return isReplaced;
    };
    const racing = await app.rebuild({ families: { ...app.stores.families, replace } });
    const raced = await racing.refresh(first.refreshToken, { session_id: 's' });

    expect(raced.status).toBe(200);
    expect(await isAlive(raced, 's')).toEqual(DEAD);
  });
});

describe('DELETE /sessions', () => {
  test('ends all sessions of a user, and access tokens without a session', async () => {
    const [one, other] = [await beginFor('alice', 'a'), await beginFor('alice', 'b')];
    const alone = await app.begin('sk-demo', { user: 'alice', scope: 'manage:sessions' });
    const bob = await beginFor('bob', 'a');
    const namesake = await beginFor('alice', 'a', {}, 'sk-other');

    expect((await app.manage(alone.accessToken, 'delete')).status).toBe(204);
    expect([await isAlive(one, 'a'), await isAlive(other, 'b')]).toEqual([DEAD, DEAD]);
    expect(await app.use(alone.accessToken)).toBe(401);
    expect(await isAlive(bob, 'a')).toEqual(ALIVE);
    expect(await isAlive(namesake, 'a', 'sk-other')).toEqual(ALIVE);
  });

  test('keeps the current one on request', async () => {
    const [current, other] = [await beginFor('alice', 'a'), await beginFor('alice', 'b')];

    expect((await app.manage(current.accessToken, 'delete', '?keep=current')).status).toBe(204);
    expect(await isAlive(current, 'a')).toEqual(ALIVE);
    expect(await isAlive(other, 'b')).toEqual(DEAD);
  });

  test('ends the sessions of all users of an API key with keyScope, and of no other key', async () => {
    const alice = await beginFor('alice', 'a');
    const foreign = await beginFor('alice', 'a', {}, 'sk-other');
    const key = await app.begin('sk-demo', { session_id: 'k', scope: `${OWN} manage:all-sessions` });
    await app.manage(key.accessToken, 'delete');

    expect([await isAlive(alice, 'a'), await isAlive(key, 'k')]).toEqual([DEAD, DEAD]);
    expect(await isAlive(foreign, 'a', 'sk-other')).toEqual(ALIVE);
  });

  test.each([
    '?keep=',
    '?keep=other',
    '?keep',
    '?Keep=current',
    '?keep=current&keep=current',
    '?limit=1',
    '?keep[]=current',
  ])('ends nothing if the request is malformed: %s', async (query) => {
    const current = await beginFor('alice', 'a');

    expect(await app.manage(current.accessToken, 'delete', query)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(await isAlive(current, 'a')).toEqual(ALIVE);
  });

  test('ends nothing if there is no current session to keep', async () => {
    const alice = await beginFor('alice', 'a');
    const alone = await app.begin('sk-demo', { user: 'alice', scope: 'manage:sessions' });

    expect((await app.manage(alone.accessToken, 'delete', '?keep=current')).status).toBe(400);
    expect(await isAlive(alice, 'a')).toEqual(ALIVE);
  });
});

/** Claims of a token of a user that may manage sessions. */
const OF_ALICE = {
  ...{ type: 'api_call', sub: 'alice', client_id: 'demo', scope: 'manage:sessions', session_id: 's' },
  ...{ permissions: ['manage:sessions'], allowed_endpoints: [] },
};

describe('a request that cannot be answered', () => {
  let token = '';

  beforeEach(async () => {
    token = (await beginFor('alice', 'a')).accessToken;
  });

  test.each([
    '?limit=0',
    '?limit=1001',
    '?limit=1e2',
    '?limit=5&limit=5',
    '?after=%00',
    `?after=${'x'.repeat(201)}`,
    '?after=%ff',
    '?x=1',
    '?limit[a]=1',
  ])('because of its parameters is 400: %#', async (query) => {
    expect(await app.manage(token, 'get', query)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test.each(['/%', '/%E0%A4%A', '/%ff'])('because of its path is 400: %s', async (path) => {
    const answer = await app.manage(token, 'delete', path);

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test.each([
    ['', 'GET, HEAD, DELETE'],
    ['/s', 'DELETE'],
  ])('because of its method is 405: POST /sessions%s', async (path, allowed) => {
    const answer = await app.manage(token, 'post', path);

    expect(answer).toMatchObject({ status: 405, body: { error: 'invalid_request' } });
    expect(answer.headers).toMatchObject({ allow: allowed, 'cache-control': 'no-store' });
  });

  test('is not HEAD', async () => {
    expect((await app.manage(token, 'head')).status).toBe(200);
  });
});

interface Setting {
  readonly authentication?: RequestHandler;
  readonly families?: Partial<FamilyStore>;
  readonly options?: Partial<SessionRouterOptions>;
}

describe('the session router', () => {
  let keyRing: KeyRing;

  beforeEach(async () => {
    keyRing = await createRing();
  });

  const service = () => ({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });

  function createApp({
    authentication = authenticate(service()),
    families = {},
    options = {},
  }: Setting = {}): Express {
    const { stores } = app;
    const sessions = createSessions({
      stores: { families: { ...stores.families, ...families } },
      revocations: createRevocations({ stores, clock }),
    });
    const created = express();
    created.set('env', 'test');
    created.use('/sessions', authentication, sessionRouter({ sessions, ...options }));
    created.use(bearerErrors());
    return created;
  }

  const ask = (to: Express, mint: MintOptions = { claims: OF_ALICE }) =>
    request(to).get('/sessions').auth(mintToken(keyRing, mint), { type: 'bearer' });

  test('answers a token without its scope with 403 and the required scope', async () => {
    const answer = await ask(createApp(), { claims: { ...OF_ALICE, scope: 'read' } });

    expect(answer).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
    expect(answer.headers['www-authenticate']).toContain('scope="manage:sessions"');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('requires the scope of its option', async () => {
    const guarded = createApp({ options: { scope: 'account' } });

    expect((await ask(guarded)).status).toBe(403);
    expect((await ask(guarded, { claims: { ...OF_ALICE, scope: 'account' } })).status).toBe(200);
  });

  const LINEAGE = [{ jti: 'j', client_id: 'demo', sub: 'alice', iat: NOW }];

  test.each([
    [
      'was delegated',
      {
        type: 'delegation',
        delegator: 'alice',
        delegated_to: 'x',
        act: {},
        expires_at: NOW + 9,
        lineage: LINEAGE,
      },
    ],
    ['is for a service', { type: 'service' }],
    ['is of another issuer', { type: undefined }],
  ])('answers a token that %s with 403', async (_name, claims) => {
    const answer = await ask(createApp(), { claims: { ...OF_ALICE, ...claims } });

    expect(answer).toMatchObject({ status: 403, body: { error: 'access_denied' } });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('lists no sessions of users for an API key without the option keyScope', async () => {
    await beginFor('alice', 'a');
    const claims = { ...OF_ALICE, sub: 'demo', scope: 'manage:sessions manage:all-sessions' };

    expect((await ask(createApp(), { claims })).body).toEqual({ sessions: [] });
    expect(
      (await ask(createApp({ options: { keyScope: 'manage:all-sessions' } }), { claims })).body,
    ).toMatchObject({
      sessions: [{ session_id: 'a' }],
    });
  });

  test('rejects every request without authentication', async () => {
    const unguarded = createApp({ authentication: (_req, _res, next) => next() });

    expect((await ask(unguarded)).status).toBe(401);
  });

  test('works behind Passport', async () => {
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy(service()));
    const authentication = authenticator.authenticate('jwe', { session: false });

    expect(await ask(createApp({ authentication }))).toMatchObject({ status: 200, body: { sessions: [] } });
  });

  test.each([false, true])(
    'answers 503 while the store is unavailable, with failWithError %p',
    async (failWithError) => {
      const authentication = authenticate({ ...service(), failWithError });
      const list = () => Promise.reject(new TemporarilyUnavailableError());
      const away = createApp({ authentication, families: { list } });
      const bearer = mintToken(keyRing, { claims: OF_ALICE });
      const answers = [
        await ask(away),
        await request(away).delete('/sessions').auth(bearer, { type: 'bearer' }),
        await request(away).delete('/sessions/s').auth(bearer, { type: 'bearer' }),
      ];

      for (const answer of answers) {
        expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
        expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
        expect(answer.headers['www-authenticate']).toBeUndefined();
      }
    },
  );

  test('reads its parameters independently of the query parser of the application', async () => {
    await beginFor('alice', 's');
    await beginFor('alice', 'other');
    const parserless = createApp();
    parserless.set('query parser', false);
    const bearer = mintToken(keyRing, { claims: OF_ALICE });
    await request(parserless).delete('/sessions?keep=current').auth(bearer, { type: 'bearer' });

    expect((await ask(createApp())).body).toMatchObject({ sessions: [{ session_id: 's', current: true }] });
  });

  test.each([
    ['no sessions', {}],
    ['sessions that are none', { sessions: {} }],
    ['a malformed scope', { scope: 'a b' }],
    ['an empty scope', { scope: '' }],
    ['a malformed keyScope', { keyScope: ['a'] }],
    ['an option that there is not', { scopes: 'a' }],
  ])('rejects %s', (_name, options) => {
    const valid =
      'sessions' in options || Object.keys(options).length === 0 ? {} : { sessions: app.sessions };

    expect(() => Reflect.apply(sessionRouter, undefined, [{ ...valid, ...options }])).toThrow(TypeError);
  });
});
