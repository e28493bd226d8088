import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError } from 'passport-jwe';
import { ASSERTION_TYPE, generateClientKey, jwksField, signAssertion } from '../../support/client-keys.js';
import { AUDIENCE, clock, NOW } from '../../support/tokens.js';
import {
  createWorkloadApp,
  idJag,
  REPORTS,
  WORKLOAD_KEYS,
  type WorkloadAnswer,
  type WorkloadApp,
} from '../../support/workload-app.js';

const AGENT = ['agent', 'sk-agent'] as const;
/** The agent, whose API key has several audiences. */
const TARGET = { audience: AUDIENCE };

let app: WorkloadApp;

beforeEach(async () => {
  app = await createWorkloadApp();
});

function exchange(claims: Readonly<Record<string, unknown>> = {}, parameters = {}): Promise<WorkloadAnswer> {
  return app.exchange(idJag(claims), { ...TARGET, ...parameters }, AGENT);
}

test('an ID-JAG is exchanged for a token of its user', async () => {
  const answer = await exchange();

  expect(answer.status).toBe(200);
  expect((await app.verify(answer)).claims).toMatchObject({
    sub: 'user-7',
    client_id: 'agent',
    aud: AUDIENCE,
  });
});

test('an ID-JAG is accepted once', async () => {
  expect((await exchange()).status).toBe(200);
  expect(await exchange()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect(app.lastReason()).toBe('assertion_replayed');
  expect((await exchange({ jti: 'jag-2' })).status).toBe(200);
});

test('of concurrent requests with one ID-JAG, one succeeds', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => exchange()));

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('an ID-JAG that is rejected is not used up', async () => {
  await app.exchange(idJag(), TARGET);
  await exchange({ aud: 'https://other.example.com' });
  await exchange({ client_id: 'billing' });

  expect((await exchange()).status).toBe(200);
});

test('an ID-JAG requires client authentication', async () => {
  expect(await app.exchange(idJag(), { ...TARGET, client_id: 'agent' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  });
  expect(app.lastReason()).toBe('no_client');
});

test('an ID-JAG can come from a client that authenticates by a signed assertion', async () => {
  const key = generateClientKey('agent-1');
  const file = String(WORKLOAD_KEYS['agent.yaml']).replace('api_key: sk-agent', jwksField(key.publicJwk));
  const other = await createWorkloadApp({ files: { 'agent.yaml': file } });
  const client_assertion = await signAssertion('agent', key);
  const credentials = { client_assertion, client_assertion_type: ASSERTION_TYPE };
  const answer = await other.exchange(idJag(), { ...TARGET, ...credentials });

  expect(answer.status).toBe(200);
  expect((await other.verify(answer)).claims.sub).toBe('user-7');
  expect(await other.exchange(idJag({ jti: '2' }), { ...TARGET, ...credentials })).toMatchObject({
    status: 401,
  });
});

test('an ID-JAG requires the authenticated client as client_id', async () => {
  const clients = ['billing', 'Agent', ['agent']];
  const reasons: unknown[] = [];
  for (const client_id of clients) {
    await exchange({ client_id });
    reasons.push(app.lastReason());
  }

  expect(reasons).toEqual(['wrong_client', 'wrong_client', 'assertion_claim']);
});

test('an ID-JAG requires jti and client_id', async () => {
  for (const claims of [{ jti: undefined }, { jti: '' }, { jti: 1 }, { client_id: undefined }]) {
    expect((await exchange(claims)).status).toBe(400);
    expect(app.lastReason()).toBe('assertion_claim');
  }
});

test.each(['JWT', 'JOSE', undefined])(
  'an entry for users matches no other JWT of the identity provider, with typ %s',
  async (typ) => {
    const jwt = idJag({ client_id: undefined, jti: undefined }, { typ });

    expect(await app.exchange(jwt, { ...TARGET, user: 'user-1' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await app.exchange(jwt, TARGET, AGENT)).status).toBe(400);
  },
);

test('an entry for workloads matches no ID-JAG', async () => {
  const file = String(WORKLOAD_KEYS['agent.yaml']).replace(', users: true }', ' }');
  const other = await createWorkloadApp({ files: { 'agent.yaml': file } });

  expect((await other.exchange(idJag(), TARGET, AGENT)).body).toMatchObject({ error: 'invalid_grant' });
});

test('the scope of an ID-JAG restricts the scope of the token', async () => {
  expect((await exchange({ scope: 'read admin' })).body['scope']).toBe('read');
  expect(await exchange({ scope: 'read', jti: '2' }, { scope: 'write' })).toMatchObject({
    body: { error: 'invalid_scope' },
  });
  expect((await exchange({ scope: 5, jti: '3' })).body).not.toHaveProperty('scope');
});

test('the resource of an ID-JAG restricts the audience of the token', async () => {
  expect((await exchange({ resource: REPORTS })).body).toMatchObject({ error: 'invalid_target' });
  expect((await exchange({ resource: [REPORTS, AUDIENCE], jti: '2' })).status).toBe(200);
  expect((await exchange({ resource: `${AUDIENCE}/`, jti: '3' })).status).toBe(200);
  expect((await exchange({ resource: 5, jti: '4' })).body).toMatchObject({ error: 'invalid_target' });
});

test('an ID-JAG yields no service token, which would lack the user', async () => {
  expect(await exchange({}, { audience: 'https://jobs.example.com' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_target' },
  });
});

describe('the user of an ID-JAG', () => {
  async function reasonOf(change: (file: string) => string, parameters = {}): Promise<unknown> {
    const file = change(String(WORKLOAD_KEYS['agent.yaml']));
    const other = await createWorkloadApp({ files: { 'agent.yaml': file } });
    const { status } = await other.exchange(idJag(), { ...TARGET, ...parameters }, AGENT);
    return status === 200 ? status : other.lastReason();
  }

  test('cannot be replaced by the client', async () => {
    expect(await reasonOf((file) => file, { user: 'user-8' })).toBe('assertion_user');
    expect(await reasonOf((file) => file, { user: 'user-7' })).toBe(200);
  });

  test('requires an API key with users', async () => {
    expect(await reasonOf((file) => file.replace('users: true', 'users: false'))).toBe('assertion_user');
  });

  test('requires an API key with workloads of one issuer, since users are not qualified by their issuer', async () => {
    const change = (file: string) =>
      file.replace('}]', '}, { issuer: https://token.actions.githubusercontent.com, subject: a }]');

    expect(await reasonOf(change)).toBe('assertion_user');
  });

  test('must have a subject of printable ASCII characters', async () => {
    expect((await exchange({ sub: 'user-é' })).body).toMatchObject({ error: 'invalid_request' });
    expect((await exchange({ sub: `user-${'a'.repeat(124)}`, jti: '2' })).body).toMatchObject({
      error: 'invalid_request',
    });
  });
});

test('without stores.counters, every ID-JAG is rejected', async () => {
  const other = await createWorkloadApp({ stores: { families: createMemoryStores({ clock }).families } });

  expect((await other.exchange(idJag(), TARGET, AGENT)).status).toBe(400);
  expect(other.lastReason()).toBe('assertion_type');
});

test('an outage of the store is a 503', async () => {
  const counters = {
    add: () => Promise.reject(new TemporarilyUnavailableError()),
    read: () => Promise.resolve(0),
  };
  const other = await createWorkloadApp({ stores: { counters } });

  expect((await other.exchange(idJag(), TARGET, AGENT)).status).toBe(503);
});

test('the use of an ID-JAG is remembered until it expires', async () => {
  const claims = { exp: NOW + 3000 };
  expect((await exchange(claims)).status).toBe(200);
  app.setTime(NOW + 2999);

  expect((await exchange(claims)).status).toBe(400);
  expect(app.lastReason()).toBe('assertion_replayed');
});
