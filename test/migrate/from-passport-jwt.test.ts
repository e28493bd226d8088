import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearerOf, type SampleApp, STATES, startSampleApp } from './sample-app.js';
import { ENVIRONMENT, encryptedBearer, type SampleToken, secondsNow, signedBearer } from './sample-tokens.js';

const ALICE = { name: 'Alice', password: 'alice-password' };
const BOB = { name: 'Bob', password: 'bob-password' };

const page = await readFile(new URL('../../docs/migrate/from-passport-jwt.md', import.meta.url), 'utf8');

describe.each(STATES)('the passport-jwt application %s the migration', (state) => {
  const mint = (minted: SampleToken) => (state === 'before' ? signedBearer(minted) : encryptedBearer(minted));
  let app: SampleApp;

  beforeAll(async () => {
    app = await startSampleApp('passport-jwt', state, ENVIRONMENT);
  });

  afterAll(() => app.close());

  const signIn = async (user: object) => bearerOf(await app.post('/login', user));

  test('signs users in, with tokens of its kind', async () => {
    const token = await signIn(ALICE);

    expect(token.split('.')).toHaveLength(state === 'before' ? 3 : 5);
    expect(await app.get('/me', token)).toMatchObject({ status: 200, body: { id: 'u1', name: 'Alice' } });
  });

  test('rejects a wrong password', async () => {
    const answer = await app.post('/login', { ...ALICE, password: 'wrong' });

    expect(answer).toMatchObject({ status: 401, body: { error: 'wrong_password' } });
  });

  test('renews a token', async () => {
    const renewed = await app.post('/token/renew', {}, await signIn(BOB));

    expect(await app.get('/me', bearerOf(renewed))).toMatchObject({ body: { id: 'u2', name: 'Bob' } });
  });

  test('rejects a request without a token', async () => {
    expect(await app.get('/me')).toEqual(
      state === 'before'
        ? { status: 401, body: 'Unauthorized', challenge: null }
        : { status: 401, body: '', challenge: 'Bearer realm="api"' },
    );
  });

  test('rejects an expired token', async () => {
    const expired = await mint({ subject: 'u1', issuedAt: secondsNow() - 120 });
    const description = state === 'before' ? null : 'The access token expired';

    expect(await app.get('/me', expired)).toEqual(
      description === null
        ? { status: 401, body: 'Unauthorized', challenge: null }
        : {
            status: 401,
            body: { error: 'invalid_token', error_description: description },
            challenge: `Bearer realm="api", error="invalid_token", error_description="${description}"`,
          },
    );
  });

  test('tolerates a clock that is three seconds off, except with passport-jwt', async () => {
    const justExpired = await mint({ subject: 'u1', issuedAt: secondsNow() - 62 });

    expect((await app.get('/me', justExpired)).status).toBe(state === 'before' ? 401 : 200);
  });

  test('issues tokens of the length on the page', async () => {
    const [, token = ''] = (await signIn(ALICE)).split(' ');

    expect(token).toHaveLength(state === 'before' ? 253 : 545);
    expect(page).toContain(`${token.length} characters in the sample`);
  });

  test('rejects the token of a user who is gone', async () => {
    expect((await app.get('/me', await mint({ subject: 'u9' }))).status).toBe(401);
  });

  test('rejects a malformed header', async () => {
    expect((await app.get('/me', 'Bearer one two')).status).toBe(state === 'before' ? 401 : 400);
  });

  test('checks the role of the user', async () => {
    const forbidden = { status: 403, body: { error: 'forbidden' } };

    expect(await app.get('/users', await signIn(BOB))).toMatchObject(forbidden);
    expect((await app.get('/users', await signIn(ALICE))).status).toBe(200);
  });

  test('accepts tokens of the other kind during the migration only', async () => {
    const statusOf = async (token: string) => (await app.get('/me', token)).status;
    const statuses = [
      await statusOf(signedBearer({ subject: 'u1' })),
      await statusOf(await encryptedBearer({ subject: 'u1' })),
    ];

    expect(statuses).toEqual({ before: [200, 401], during: [200, 200], after: [401, 200] }[state]);
  });

  test('answers an error of the database with 500', async () => {
    // The database of the sample rejects this ID.
    expect(await app.get('/me', await mint({ subject: 'down' }))).toMatchObject({
      status: 500,
      body: { error: 'failed' },
    });
  });
});

test('during the migration, the response does not say that an old token expired', async () => {
  const app = await startSampleApp('passport-jwt', 'during', ENVIRONMENT);
  const answer = await app.get('/me', signedBearer({ subject: 'u1', issuedAt: secondsNow() - 120 }));
  app.close();

  expect(answer).toMatchObject({
    status: 401,
    body: { error: 'invalid_token', error_description: 'The access token is not valid' },
  });
});
