import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, requireAnyScope, requireMaxAge, requireScope } from 'passport-jwe';
import request from 'supertest';
import { ADAPTERS } from '../support/apps.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const keyRing = await createRing();
const OPTIONS = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, scope: 'read:documents' };
const SCOPE = 'scope="read:documents"';
const expired = () => mintToken(keyRing, { claims: { exp: NOW - 60 } });

describe.each(ADAPTERS)('the 401 challenge of $name', ({ createApp }) => {
  test('names the required scope if the request has no token (RFC 6750 §3)', async () => {
    const answer = await request(createApp(OPTIONS)).get('/resource');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(`Bearer realm="api", ${SCOPE}`);
  });

  test('names the required scope if the token is not valid (RFC 6750 §3)', async () => {
    const answer = await request(createApp(OPTIONS)).get('/resource').auth(expired(), { type: 'bearer' });

    expect(answer.headers['www-authenticate']).toMatch(/error="invalid_token".*, scope="read:documents"$/);
  });

  test('names the required scope if a guard requires a new token', async () => {
    const token = mintToken(keyRing, { claims: { iat: NOW - 60, nbf: NOW - 60 } });
    const app = createApp(OPTIONS, [requireMaxAge(30)]);
    const answer = await request(app).get('/resource').auth(token, { type: 'bearer' });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(SCOPE);
  });

  test('names no scope if none is required', async () => {
    const answer = await request(createApp({ ...OPTIONS, scope: [] })).get('/resource');

    expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"');
  });
});

test.each([
  ['requireScope', requireScope('write:documents'), 'read:documents write:documents'],
  ['requireAnyScope', requireAnyScope('a', 'b'), 'read:documents a b'],
  ['requireScope with the same scope', requireScope('admin', 'read:documents'), 'read:documents admin'],
])(
  'a 403 of %s names the scope of every request too, so that a token with it passes',
  async (_name, guard, scope) => {
    const token = mintToken(keyRing, { claims: { scope: 'read:documents' } });
    const app = express().get('/', authenticate(OPTIONS), guard, (_req, res) => void res.json({}));
    const answer = await request(app).get('/').auth(token, { type: 'bearer' });

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain(`, scope="${scope}"`);
  },
);

test('the challenge of a malformed request names no scope', async () => {
  const app = express().use(authenticate(OPTIONS));
  const answer = await request(app).get('/').set('Authorization', 'Bearer a b');

  expect(answer.status).toBe(400);
  expect(answer.headers['www-authenticate']).not.toContain('scope=');
});

test('the scope comes before the metadata of the resource (RFC 9728 §5.1)', async () => {
  const resourceMetadata = 'https://api.example.com/meta';
  const answer = await request(express().use(authenticate({ ...OPTIONS, resourceMetadata }))).get('/');

  expect(answer.headers['www-authenticate']).toBe(
    `Bearer realm="api", ${SCOPE}, resource_metadata="${resourceMetadata}"`,
  );
});

test.each([
  ['requireScope', requireScope('read:documents', 'admin'), 'read:documents admin'],
  ['requireAnyScope', requireAnyScope('a', 'b'), 'read:documents a b'],
])('%s adds its scope to the challenge of an anonymous request', async (_name, guard, scope) => {
  const authentication = authenticate({ ...OPTIONS, credentialsRequired: false });
  const app = express().get('/', authentication, guard, (_req, res) => void res.json({}));

  expect((await request(app).get('/')).headers['www-authenticate']).toBe(
    `Bearer realm="api", scope="${scope}"`,
  );
});
