import { beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { authenticate, createMemoryStores, createRevocations, type KeyRing, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../../support/api-key-files.js';
import { createIssuerAndVerifier } from '../../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../../support/tokens.js';

const OTHER_AUDIENCE = 'https://other.example.com';
const FILES = {
  'a.yaml': `api_key: sk-alpha\nkey_id: alpha\nname: A\ntype: api_call\nrate_limits: {}\naudiences: [${AUDIENCE}, ${OTHER_AUDIENCE}]\n`,
  'b.yaml': 'api_key: sk-beta\nkey_id: beta\nname: B\ntype: api_call\nrate_limits: {}\n',
};

let keyRing: KeyRing;
let app: Express;

interface Setting {
  readonly maxRevocationsPerClient?: number;
  /** Of the guarded route. */
  readonly clockToleranceSeconds?: number;
}

async function createApp({ clockToleranceSeconds = 5, ...bounds }: Setting = {}): Promise<Express> {
  const revocations = createRevocations({
    stores: createMemoryStores({ clock, ...bounds }),
    clock,
  });
  const service = { keyRing, issuer: ISSUER, clock, revocations };
  const audience = [AUDIENCE, OTHER_AUDIENCE];
  const created = express();
  created.use('/oauth', tokenRouter({ ...service, audience: AUDIENCE, apiKeys: await loadFiles(FILES) }));
  created.get('/', authenticate({ ...service, audience, clockToleranceSeconds }), (_req, res) => {
    res.json({});
  });
  return created;
}

beforeEach(async () => {
  keyRing = await createRing();
  app = await createApp();
});

async function issue(apiKey: string, parameters: object = {}): Promise<string> {
  const answer = await request(app)
    .post('/oauth/token')
    .set('X-API-Key', apiKey)
    .type('form')
    .send({ grant_type: 'client_credentials', ...parameters });
  return answer.body.access_token;
}

/** As an instance whose clock differs would. */
async function issueAt(time: number, lifetime: number): Promise<string> {
  const elsewhere = createIssuerAndVerifier({
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: () => time,
  });
  const { token } = await elsewhere.issue({
    type: 'service',
    subject: 'beta',
    clientId: 'beta',
    audience: AUDIENCE,
    scope: [],
    lifetime,
    claims: {},
  });
  return token;
}

const revoke = (apiKey: string, parameters: object) =>
  request(app).post('/oauth/revoke').set('X-API-Key', apiKey).type('form').send(parameters);
const statusOf = async (token: string) =>
  (await request(app).get('/').auth(token, { type: 'bearer' })).status;

describe('POST /oauth/revoke', () => {
  test.each([AUDIENCE, OTHER_AUDIENCE])('revokes a token of the client, for %s', async (audience) => {
    const token = await issue('sk-alpha', { audience });
    expect(await statusOf(token)).toBe(200);
    const answer = await revoke('sk-alpha', { token, token_type_hint: 'access_token' });

    expect(answer).toMatchObject({ status: 200, type: 'application/json', text: '{}' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await statusOf(token)).toBe(401);
  });

  test('revokes that token alone', async () => {
    const [one, other] = [await issue('sk-beta'), await issue('sk-beta')];
    await revoke('sk-beta', { token: one });

    expect([await statusOf(one), await statusOf(other)]).toEqual([401, 200]);
  });

  test('answers a repeated revocation as the first one', async () => {
    const token = await issue('sk-beta');
    await revoke('sk-beta', { token });

    expect((await revoke('sk-beta', { token })).status).toBe(200);
  });

  test('rejects the token of another client as invalid_grant and leaves it valid', async () => {
    const token = await issue('sk-beta');
    const answer = await revoke('sk-alpha', { token });

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await statusOf(token)).toBe(200);
  });

  test.each([
    ['text that is no token', 'abc'],
    ['an empty JWE', '....'],
  ])('answers %s with 200', async (_name, token) => {
    expect((await revoke('sk-beta', { token })).status).toBe(200);
  });

  test('answers an expired token with 200', async () => {
    const token = await issueAt(NOW - 1000, 60);

    expect((await revoke('sk-beta', { token })).status).toBe(200);
  });

  test.each([
    ['expired', NOW - 630, 600],
    ['is not valid yet', NOW + 30, 600],
  ])('revokes a token that %s, as long as a verifier may accept it', async (_name, issuedAt, ttl) => {
    const token = await issueAt(issuedAt, ttl);
    app = await createApp({ clockToleranceSeconds: 60 });
    expect(await statusOf(token)).toBe(200);

    expect((await revoke('sk-beta', { token })).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
  });

  test.each([
    ['without a token', 'sk-beta', {}, 400, 'invalid_request'],
    ['by a client that is unknown', 'sk-none', { token: 'x' }, 401, 'invalid_client'],
  ])('is rejected %s', async (_name, apiKey, parameters, status, error) => {
    expect(await revoke(apiKey, parameters)).toMatchObject({ status, body: { error } });
  });

  test('rejects other methods', async () => {
    expect(await request(app).get('/oauth/revoke')).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
  });

  test('revokes every token of a client that has revoked more tokens than the store keeps', async () => {
    app = await createApp({ maxRevocationsPerClient: 1 });
    const tokens: string[] = [];
    for (let index = 0; index < 5; index += 1) tokens.push(await issue('sk-beta'));
    const answers = [];
    for (const token of tokens) answers.push((await revoke('sk-beta', { token })).status);

    expect(answers).toEqual([200, 200, 200, 200, 200]);
    expect(await Promise.all(tokens.map(statusOf))).toEqual([401, 401, 401, 401, 401]);
  });

  test('does not exist without revocations', async () => {
    const bare = express();
    const apiKeys = await loadFiles(FILES);
    bare.use('/oauth', tokenRouter({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock }));

    expect((await request(bare).post('/oauth/revoke').send({})).status).toBe(404);
  });
});
