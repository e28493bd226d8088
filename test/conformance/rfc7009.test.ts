import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError } from 'passport-jwe';
import request from 'supertest';
import { type ConformanceApp, createConformanceApp } from './conformance-app.js';

let app: ConformanceApp;
let token = '';

beforeEach(async () => {
  app = await createConformanceApp();
  token = (await app.obtain()).access_token;
});

describe('RFC 7009 §2, token revocation', () => {
  test('§2: the client requests revocation with the method POST', async () => {
    const answer = await request(app.app).get(`/oauth/revoke?token=${token}`).auth('demo', 'secret-of-demo');

    expect([answer.status, await app.use(token)]).toEqual([405, 200]);
  });

  test('§2: the server MUST support the revocation of refresh tokens', async () => {
    const { refresh_token: refreshToken } = await app.obtain({ scope: 'offline_access' });
    await app.post('revoke', { token: refreshToken }, 'demo');
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };

    expect((await app.post('token', form, 'demo')).body.error).toBe('invalid_grant');
  });

  test('§2: the server SHOULD support the revocation of access tokens', async () => {
    const { status } = await app.post('revoke', { token }, 'demo');

    expect([status, await app.use(token)]).toEqual([200, 401]);
  });
});

describe('RFC 7009 §2.1, revocation request', () => {
  test('§2.1: token is REQUIRED', async () => {
    const { status, body } = await app.post('revoke', {}, 'demo');

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§2.1: the server MUST extend its search across all token types if token_type_hint is wrong', async () => {
    await app.post('revoke', { token, token_type_hint: 'refresh_token' }, 'demo');

    expect(await app.use(token)).toBe(401);
  });

  test('§2.1: the server first validates the client credentials', async () => {
    const { status, body } = await app.post('revoke', { token });

    expect([status, body.error, await app.use(token)]).toEqual([401, 'invalid_client', 200]);
  });

  test('§2.1: the server verifies that the token was issued to the client, and reports an error', async () => {
    const { status, body } = await app.post('revoke', { token }, 'other');

    expect([status, body.error, await app.use(token)]).toEqual([400, 'invalid_grant', 200]);
  });

  test('§2.1: a public client identifies itself with client_id, and the server verifies its refresh token', async () => {
    const begin = (clientId: string) => app.obtain({ scope: 'offline_access', device_id: 'd1' }, clientId);
    const [own, foreign] = [await begin('public'), await begin('demo')];
    const revoke = async (refreshToken: string) =>
      (await app.post('revoke', { token: refreshToken, client_id: 'public' })).status;

    expect([await revoke(own.refresh_token), await revoke(foreign.refresh_token)]).toEqual([200, 400]);
    expect([await app.use(own.access_token), await app.use(foreign.access_token)]).toEqual([401, 200]);
  });

  test('§2.1: the revocation of a refresh token SHOULD also revoke the access tokens of the same grant', async () => {
    const tokens = await app.obtain({ scope: 'offline_access' });
    await app.post('revoke', { token: tokens.refresh_token }, 'demo');

    expect(await app.use(tokens.access_token)).toBe(401);
  });

  test('§2.1: the revocation of an access token leaves other tokens of the client valid', async () => {
    const { access_token: second } = await app.obtain();
    await app.post('revoke', { token }, 'demo');

    expect(await app.use(second)).toBe(200);
  });
});

describe('RFC 7009 §2.2, revocation response', () => {
  test('§2.2: the response to an invalid token is 200', async () => {
    await app.post('revoke', { token }, 'demo');
    const invalid = ['unknown', 'a.b.c.d.e', token];
    const statuses = await Promise.all(
      invalid.map(async (each) => (await app.post('revoke', { token: each }, 'demo')).status),
    );

    expect(statuses).toEqual([200, 200, 200]);
  });

  test('§2.2: an invalid token_type_hint is ignored', async () => {
    const { status } = await app.post('revoke', { token, token_type_hint: 'foo' }, 'demo');

    expect([status, await app.use(token)]).toEqual([200, 401]);
  });

  test('§2.2.1: error responses conform to RFC 6749 §5.2', async () => {
    const { status, headers, body } = await app.post('revoke', { token }, 'other');

    expect(status).toBe(400);
    expect(headers['content-type']).toMatch(/^application\/json(;|$)/);
    expect(body).toEqual({ error: expect.any(String), error_description: expect.any(String) });
  });

  test('§2.2.1: if the store fails, the token still exists, so the response is 503 with Retry-After', async () => {
    const { families } = createMemoryStores();
    const fails = () => Promise.reject(new TemporarilyUnavailableError());
    const failing = await createConformanceApp({ stores: { families: { ...families, replace: fails } } });
    const { refresh_token: refreshToken } = await failing.obtain({ scope: 'offline_access' });
    const { status, headers } = await failing.post('revoke', { token: refreshToken }, 'demo');

    expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  });
});
