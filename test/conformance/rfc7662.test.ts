import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { AUDIENCE, ISSUER, NOW } from '../support/tokens.js';
import { type ConformanceApp, createConformanceApp } from './conformance-app.js';

let app: ConformanceApp;
let token = '';

beforeEach(async () => {
  app = await createConformanceApp();
  token = (await app.obtain({ user: 'alice', scope: 'read' })).access_token;
});

const introspect = (sent = token, clientId = 'resource') => app.post('introspect', { token: sent }, clientId);

describe('RFC 7662 §2.1, introspection request', () => {
  test('§2.1: the protected resource uses the method POST', async () => {
    const sent = request(app.app).get(`/oauth/introspect?token=${token}`);

    expect((await sent.auth('resource', 'secret-of-resource')).status).toBe(405);
  });

  test('§2.1: token is REQUIRED', async () => {
    const { status, body } = await app.post('introspect', {}, 'resource');

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§2.1: the server MUST extend its search across all token types if token_type_hint is wrong', async () => {
    const { refresh_token: refreshToken } = await app.obtain({ scope: 'offline_access' });
    const hints = [
      { token, token_type_hint: 'refresh_token' },
      { token: refreshToken, token_type_hint: 'access_token' },
      { token, token_type_hint: 'foo' },
    ];
    const active = await Promise.all(
      hints.map(async (form) => (await app.post('introspect', form, 'demo')).body.active),
    );

    expect(active).toEqual([true, true, true]);
  });

  test('§2.1: the endpoint MUST require authorization', async () => {
    const { status, body } = await app.post('introspect', { token });

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('§2.1: the protected resource MAY authenticate with a bearer token, here its API key', async () => {
    const sent = request(app.app).post('/oauth/introspect').type('form').send({ token });

    expect((await sent.auth('secret-of-resource', { type: 'bearer' })).body.active).toBe(true);
  });
});

describe('RFC 7662 §2.2, introspection response', () => {
  test('§2.2: the response is a JSON object, in which active is REQUIRED', async () => {
    const { status, headers, body } = await introspect();

    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json(;|$)/);
    expect(body.active).toBe(true);
  });

  test('§2.2: the members have the registered names and types', async () => {
    expect((await introspect()).body).toMatchObject({
      scope: 'read',
      client_id: 'demo',
      token_type: 'Bearer',
      exp: NOW + 600,
      iat: NOW,
      nbf: NOW,
      sub: 'alice',
      aud: AUDIENCE,
      iss: ISSUER,
      jti: expect.any(String),
    });
  });

  test('§2.2: for an inactive token, the response SHOULD NOT include other members than active', async () => {
    expect((await introspect('unknown')).body).toEqual({ active: false });
  });

  test('§2.2: a token that the protected resource may not introspect is inactive', async () => {
    expect((await introspect(token, 'other')).body).toEqual({ active: false });
  });

  test('§2.2: the server MAY respond differently to different protected resources', async () => {
    expect((await introspect(token, 'demo')).body).toEqual((await introspect()).body);
  });
});

describe('RFC 7662 §2.3, error response', () => {
  test('§2.3: the response to invalid client credentials is 401 (RFC 6749 §5.2)', async () => {
    const sent = request(app.app)
      .post('/oauth/introspect')
      .type('form')
      .auth('resource', 'wrong')
      .send({ token });
    const { status, headers, body } = await sent;

    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(headers['www-authenticate']).toMatch(/^Basic /);
  });

  test('§2.3: the response to a query for an inactive token is not an error', async () => {
    expect((await introspect('unknown')).status).toBe(200);
  });
});

describe('RFC 7662 §4, security considerations', () => {
  test('§4: the server MUST determine whether the token has expired', async () => {
    app.setTime(NOW + 700);

    expect((await introspect()).body).toEqual({ active: false });
  });

  test('§4: the server MUST determine whether the token was revoked', async () => {
    await app.post('revoke', { token }, 'demo');

    expect((await introspect()).body).toEqual({ active: false });
  });

  test('§4: the server MUST validate the token', async () => {
    const tampered = token.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));

    expect((await introspect(tampered)).body).toEqual({ active: false });
  });

  test('§4: the server MUST determine whether the token can be used at the protected resource', async () => {
    const { access_token: reports } = await app.obtain(
      { resource: 'https://reports.example.com' },
      'several',
    );

    expect(await app.use(reports)).toBe(200);
    expect((await introspect(reports)).body).toEqual({ active: false });
  });

  test('§4: the server MUST determine whether the validity period of the token has begun', async () => {
    app.setTime(NOW - 3600);

    expect((await introspect()).body).toEqual({ active: false });
  });

  test('§4: caches do not store responses', async () => {
    expect((await introspect()).headers['cache-control']).toBe('no-store');
  });
});
