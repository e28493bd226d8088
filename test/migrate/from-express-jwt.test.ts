import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearerOf, type SampleApp, STATES, startSampleApp } from './sample-app.js';
import { ENVIRONMENT, encryptedBearer, type SampleToken, secondsNow, signedBearer } from './sample-tokens.js';

const ALICE = { name: 'Alice', password: 'alice-password' };

describe.each(STATES)('the express-jwt application %s the migration', (state) => {
  const mint = (minted: SampleToken) => (state === 'before' ? signedBearer(minted) : encryptedBearer(minted));
  let app: SampleApp;

  beforeAll(async () => {
    app = await startSampleApp('express-jwt', state, ENVIRONMENT);
  });

  afterAll(() => app.close());

  test('signs users in, with tokens of its kind', async () => {
    const token = bearerOf(await app.post('/login', ALICE));

    expect(token.split('.')).toHaveLength(state === 'before' ? 3 : 5);
    expect(await app.get('/me', token)).toMatchObject({ status: 200, body: { id: 'u1', name: 'Alice' } });
    expect((await app.get('/users', token)).status).toBe(200);
  });

  test('leaves its open paths open', async () => {
    expect(await app.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await app.post('/login', { ...ALICE, password: 'wrong' })).body).toEqual({
      error: 'wrong_password',
    });
  });

  test('guards unknown paths too', async () => {
    expect((await app.get('/unknown')).status).toBe(401);
    expect((await app.get('/unknown', await mint({ subject: 'u2' }))).status).toBe(404);
  });

  test('knows the reader where a token is optional', async () => {
    expect(await app.get('/news')).toMatchObject({ status: 200, body: { reader: 'anonymous' } });
    expect(await app.get('/news', await mint({ subject: 'u2' }))).toMatchObject({ body: { reader: 'u2' } });
    expect((await app.get('/news', 'Bearer wrong')).status).toBe(401);
  });

  test('rejects a request without a token', async () => {
    expect(await app.get('/me')).toEqual(
      state === 'before'
        ? { status: 401, body: { error: 'credentials_required' }, challenge: null }
        : { status: 401, body: '', challenge: 'Bearer realm="api"' },
    );
  });

  test('rejects an expired token', async () => {
    const expired = await mint({ subject: 'u2', issuedAt: secondsNow() - 120 });
    const description = 'The access token expired';

    expect(await app.get('/me', expired)).toEqual(
      state === 'before'
        ? { status: 401, body: { error: 'invalid_token' }, challenge: null }
        : {
            status: 401,
            body: { error: 'invalid_token', error_description: description },
            challenge: `Bearer realm="api", error="invalid_token", error_description="${description}"`,
          },
    );
  });

  test('rejects another scheme and a malformed header', async () => {
    const other = await app.get('/me', 'Basic YWxpY2U6c2VjcmV0');
    const malformed = await app.get('/me', 'Bearer one two');

    expect(other).toMatchObject({
      status: 401,
      body: state === 'before' ? { error: 'credentials_bad_scheme' } : '',
    });
    expect(malformed.status).toBe(state === 'before' ? 401 : 400);
  });

  test('checks the role', async () => {
    const answer = await app.get('/users', await mint({ subject: 'u2' }));

    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ error: state === 'after' ? 'access_denied' : 'forbidden' });
  });

  test('checks the scope', async () => {
    const scope = ['read:reports'];
    const allowed = await app.get('/reports', await mint({ subject: 'u2', scope }));
    const answer = await app.get('/reports', await mint({ subject: 'u2', scope: ['read:reports:own'] }));

    expect(allowed.status).toBe(200);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ error: state === 'after' ? 'insufficient_scope' : 'forbidden' });
  });

  test('accepts tokens of the other kind during the migration only', async () => {
    const scope = ['read:reports'];
    const statusOf = async (token: string) => (await app.get('/reports', token)).status;
    const signed = await statusOf(signedBearer({ subject: 'u2', scope }));
    const encrypted = await statusOf(await encryptedBearer({ subject: 'u2', scope }));

    expect([signed, encrypted]).toEqual({ before: [200, 401], during: [200, 200], after: [401, 200] }[state]);
  });
});

test('during the migration, old tokens get the old responses', async () => {
  const app = await startSampleApp('express-jwt', 'during', ENVIRONMENT);
  const answer = await app.get('/me', signedBearer({ subject: 'u2', issuedAt: secondsNow() - 120 }));
  app.close();

  expect(answer).toEqual({ status: 401, body: { error: 'invalid_token' }, challenge: null });
});
