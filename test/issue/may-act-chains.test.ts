import { describe, expect, test } from '@jest/globals';
import type { ClaimsHook } from 'passport-jwe';
import type { JsonObject } from '../../src/base/json.js';
import {
  ACCESS_TOKEN_TYPE,
  createDelegationApp,
  type DelegationApp,
  type ExchangeAnswer,
} from '../support/delegation-app.js';
import { AUDIENCE, ISSUER } from '../support/tokens.js';

/** A key that may exchange tokens of every key here, for itself or for an actor. */
const keyFile = (keyId: string) =>
  [
    `api_key: sk-${keyId}`,
    `key_id: ${keyId}`,
    `name: ${keyId}`,
    'type: api_call',
    'rate_limits: {}',
    'users: true',
    'permissions: [read]',
    `delegation: { subjects: [app, relay, agent], actors: [app, relay, agent], audiences: [${AUDIENCE}] }`,
    '',
  ].join('\n');

const FILES = Object.fromEntries(['app', 'relay', 'agent'].map((keyId) => [`${keyId}.yaml`, keyFile(keyId)]));
const REJECTED = { status: 400, body: { error: 'invalid_request' } };

/** Adds `may_act` to the tokens of users, and nothing to delegated ones. */
const toUsers =
  (mayAct: JsonObject): ClaimsHook =>
  (_apiKey, { user }) =>
    user === undefined ? {} : { may_act: mayAct };

/** Adds `first` to the tokens of users, and `later` to delegated ones. */
const replacing =
  (first: JsonObject, later: JsonObject): ClaimsHook =>
  (_apiKey, { subjectToken }) =>
    subjectToken === undefined ? first : later;

async function setUp(claims: ClaimsHook) {
  const app = await createDelegationApp(FILES, claims);
  return { app, alice: await app.obtain('app', { user: 'alice' }) };
}

/** The last answer of a chain of exchanges, each of the token before it. */
async function exchangeInTurn(app: DelegationApp, token: string, clientIds: readonly string[]) {
  let answer: ExchangeAnswer = { status: 0, body: {}, token };
  for (const clientId of clientIds) answer = await app.exchange(clientId, answer.token);
  return answer;
}

/** Why the last request was rejected, as the audit log has it. */
function lastReason({ records }: DelegationApp): unknown {
  return records.flatMap((record) => (record.type === 'issuance.refused' ? [record.reason] : [])).at(-1);
}

async function mayActOf(app: DelegationApp, token: string): Promise<unknown> {
  return (await app.verify(token)).claims['may_act'];
}

describe('may_act of the subject token (RFC 8693 §4.4)', () => {
  test.each([
    ['second', ['relay', 'app']],
    ['third', ['relay', 'relay', 'app']],
    ['fourth', ['relay', 'relay', 'relay', 'app']],
  ])('rejects a client that it does not name at the %s hop', async (_name, clientIds) => {
    const { app, alice } = await setUp(toUsers({ client_id: 'relay' }));

    expect(await exchangeInTurn(app, alice, clientIds)).toMatchObject(REJECTED);
    expect(lastReason(app)).toBe('may_act');
  });

  test('allows the named client at every hop', async () => {
    const { app, alice } = await setUp(toUsers({ client_id: 'relay' }));
    const { token } = await exchangeInTurn(app, alice, ['relay', 'relay', 'relay']);

    expect(await mayActOf(app, token)).toEqual({ client_id: 'relay' });
  });

  test('applies to the hops after an exchange with an actor token', async () => {
    const { app, alice } = await setUp(toUsers({ sub: 'agent' }));
    const actor = { actor_token: await app.obtain('agent'), actor_token_type: ACCESS_TOKEN_TYPE };
    const { token } = await app.exchange('relay', alice, actor);

    expect(await mayActOf(app, token)).toEqual({ sub: 'agent' });
    expect(await app.exchange('relay', token)).toMatchObject(REJECTED);
    expect((await app.exchange('relay', token, actor)).status).toBe(200);
  });

  test.each([{ sub: 'agent' }, { sub: 'agent', iss: ISSUER }])(
    'is satisfied by the client that %j names, and by no user of that name whom another client asserts',
    async (mayAct) => {
      const { app, alice } = await setUp(toUsers(mayAct));
      const byToken = async (clientId: string, user: string) => ({
        actor_token: await app.obtain(clientId, { user }),
        actor_token_type: ACCESS_TOKEN_TYPE,
      });

      expect(await app.exchange('relay', alice, await byToken('relay', 'agent'))).toMatchObject(REJECTED);
      expect(lastReason(app)).toBe('may_act');
      expect((await app.exchange('agent', alice)).status).toBe(200);
    },
  );

  test('is satisfied by a user whose client it names too', async () => {
    const { app, alice } = await setUp(toUsers({ sub: 'carol', client_id: 'relay' }));
    const carol = async (clientId: string) => ({
      actor_token: await app.obtain(clientId, { user: 'carol' }),
      actor_token_type: ACCESS_TOKEN_TYPE,
    });

    expect((await app.exchange('relay', alice, await carol('relay'))).status).toBe(200);
    expect(await app.exchange('relay', alice, await carol('app'))).toMatchObject(REJECTED);
  });

  test('rejects every client at the next hop if it is malformed', async () => {
    const { app, alice } = await setUp(replacing({}, { may_act: 'relay' }));

    expect(await exchangeInTurn(app, alice, ['relay', 'relay'])).toMatchObject(REJECTED);
    expect(lastReason(app)).toBe('may_act');
  });
});

describe('a claims hook', () => {
  const FIRST = { may_act: { client_id: 'relay' } };

  test.each([
    ['another client', { client_id: 'app' }],
    ['a narrower value', { client_id: 'relay', sub: 'relay' }],
    ['null', null],
  ])('does not replace may_act of the subject token by %s', async (_name, later) => {
    const { app, alice } = await setUp(replacing(FIRST, { may_act: later }));
    const { token } = await app.exchange('relay', alice);

    expect(await mayActOf(app, token)).toEqual({ client_id: 'relay' });
    expect(await app.exchange('app', token)).toMatchObject(REJECTED);
  });

  test('that returns nothing does not drop may_act of the subject token', async () => {
    const { app, alice } = await setUp(replacing(FIRST, {}));
    const { token } = await app.exchange('relay', alice);

    expect(await mayActOf(app, token)).toEqual({ client_id: 'relay' });
  });

  test('adds may_act to a delegated token whose subject token has none', async () => {
    const { app, alice } = await setUp(replacing({}, FIRST));
    const { token } = await app.exchange('app', alice);

    expect(await mayActOf(app, token)).toEqual({ client_id: 'relay' });
    expect(await app.exchange('app', token)).toMatchObject(REJECTED);
  });

  test('does not replace the may_act that it added at an earlier hop', async () => {
    const hook: ClaimsHook = ({ keyId }, { subjectToken }) =>
      subjectToken === undefined ? {} : { may_act: { client_id: keyId === 'app' ? 'relay' : 'agent' } };
    const { app, alice } = await setUp(hook);
    const { token } = await exchangeInTurn(app, alice, ['app', 'relay']);

    expect(await mayActOf(app, token)).toEqual({ client_id: 'relay' });
    expect(await app.exchange('agent', token)).toMatchObject(REJECTED);
  });
});

describe('may_act of an actor token', () => {
  /** Adds `may_act` to the tokens of the key `agent` alone. */
  const toAgent: ClaimsHook = ({ keyId }, { subjectToken }) =>
    keyId === 'agent' && subjectToken === undefined ? { may_act: { client_id: 'app' } } : {};

  test('applies to the actor only and is not copied to the delegated token', async () => {
    const { app, alice } = await setUp(toAgent);
    const actor = { actor_token: await app.obtain('agent'), actor_token_type: ACCESS_TOKEN_TYPE };
    const { token } = await app.exchange('relay', alice, actor);

    expect(await mayActOf(app, token)).toBeUndefined();
  });

  test('does not widen may_act of the subject token', async () => {
    const hook: ClaimsHook = (apiKey, context) =>
      context.user === undefined ? toAgent(apiKey, context) : { may_act: { sub: 'agent' } };
    const { app, alice } = await setUp(hook);
    const actor = { actor_token: await app.obtain('agent'), actor_token_type: ACCESS_TOKEN_TYPE };
    const { token } = await app.exchange('relay', alice, actor);

    expect(await mayActOf(app, token)).toEqual({ sub: 'agent' });
    expect(await app.exchange('app', token)).toMatchObject(REJECTED);
  });
});
