import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.js';
import { type SampleApp, STATES, startSampleApp } from './sample-app.js';
import { secondsNow } from './sample-tokens.js';

let provider: IdentityProvider;
let directory: string;

beforeAll(async () => {
  provider = await startIdentityProvider();
  directory = await mkdtemp(join(tmpdir(), 'migrate-'));
  await writeFile(join(directory, 'api.jwk'), provider.apiKey, { mode: 0o600 });
});

afterAll(async () => {
  await provider.stop();
  await rm(directory, { recursive: true });
});

function claimsOf(claims: object) {
  const iat = secondsNow();
  const identity = { iss: provider.issuer, sub: 'auth0|alice', aud: 'https://api.example.com' };
  return { ...identity, client_id: 'web', jti: randomUUID(), iat, exp: iat + 60, ...claims };
}

const signed = (claims: object) => `Bearer ${provider.sign(claimsOf(claims))}`;
const encrypted = async (claims: object) => `Bearer ${await provider.encrypt(claimsOf(claims))}`;

describe.each(STATES)('the express-oauth2-jwt-bearer application %s the migration', (state) => {
  const mint = (claims: object = {}) => (state === 'before' ? signed(claims) : encrypted(claims));
  let app: SampleApp;

  beforeAll(async () => {
    const environment = { ISSUER: provider.issuer, KEY_FILE: join(directory, 'api.jwk') };
    app = await startSampleApp('express-oauth2-jwt-bearer', state, environment);
  });

  afterAll(() => app.close());

  test('accepts tokens of the identity provider', async () => {
    expect(await app.get('/me', await mint())).toMatchObject({ status: 200, body: { id: 'auth0|alice' } });
  });

  test('leaves its open path open', async () => {
    expect((await app.get('/health')).status).toBe(200);
  });

  test('rejects a request without a token', async () => {
    const { status, challenge } = await app.get('/me');

    expect(status).toBe(401);
    // express-oauth2-jwt-bearer also offers DPoP.
    expect(challenge?.split(', DPoP')[0]).toBe('Bearer realm="api"');
  });

  test.each([
    ['expired', () => ({ iat: secondsNow() - 120, exp: secondsNow() - 60 })],
    ['for another audience', () => ({ aud: 'https://other.example.com' })],
    ['of another issuer', () => ({ iss: 'https://other.example.com/' })],
  ])('rejects a token that is %s', async (_fault, change) => {
    const { status, challenge } = await app.get('/me', await mint(change()));

    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
  });

  test('checks the scope', async () => {
    const scope = 'read:documents';
    const { status, challenge } = await app.get('/documents', await mint({ scope: 'read:reports' }));

    expect((await app.get('/documents', await mint({ scope: `openid ${scope}` }))).status).toBe(200);
    expect(status).toBe(403);
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain(`scope="${scope}"`);
  });

  test('checks the value of a claim', async () => {
    const status = state === 'after' ? 403 : 401;

    expect((await app.get('/eu', await mint({ region: 'eu' }))).status).toBe(200);
    expect((await app.get('/eu', await mint({ region: 'us' }))).status).toBe(status);
    expect((await app.get('/eu', await mint())).status).toBe(status);
  });

  test('checks a claim by a function', async () => {
    expect((await app.get('/premium', await mint({ plan: 'pro' }))).status).toBe(200);
    expect((await app.get('/premium', await mint({ plan: 'free' }))).status).toBe(
      state === 'after' ? 403 : 401,
    );
  });

  test('accepts tokens of the other kind during the migration only', async () => {
    const statuses = [
      (await app.get('/me', signed({}))).status,
      (await app.get('/me', await encrypted({}))).status,
    ];

    expect(statuses).toEqual({ before: [200, 401], during: [200, 200], after: [401, 200] }[state]);
  });

  test('accepts tokens without jti', async () => {
    expect((await app.get('/me', await mint({ jti: undefined }))).status).toBe(200);
  });
});

test.each([
  ['before', 401],
  ['after', 503],
] as const)(
  '%s the migration, it answers %i while the keys of the provider are unavailable',
  async (state, status) => {
    const down = await startIdentityProvider();
    await writeFile(join(directory, 'down.jwk'), down.apiKey, { mode: 0o600 });
    const environment = { ISSUER: down.issuer, KEY_FILE: join(directory, 'down.jwk') };
    const app = await startSampleApp('express-oauth2-jwt-bearer', state, environment);
    const claims = claimsOf({ iss: down.issuer });
    const token = state === 'before' ? down.sign(claims) : await down.encrypt(claims);
    await down.stop();
    const answer = await app.get('/me', `Bearer ${token}`);
    app.close();

    expect(answer.status).toBe(status);
  },
);
