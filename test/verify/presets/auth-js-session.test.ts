import { encode } from '@auth/core/jwt';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, requireScope, verifiedToken } from 'passport-jwe';
import request from 'supertest';
import { type AuthJsSessionOptions, authJsSession } from '../../../src/verify/presets/auth-js-session.js';
import { createTokenVerifier } from '../../../src/verify/token-verifier.js';
import { rejectionOf } from '../../support/caught.js';
import { encodeNextAuthSession, signInWithAuthJs } from '../../support/providers/auth-js.js';
import { untyped } from '../../support/untyped.js';

const SECRET = 'vHk3m0pQ8sYtR5uW1xZ4bC7dE2fG6hJ9';
const OLD_SECRET = 'aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV';
const COOKIE = '__Secure-authjs.session-token';
const OPTIONS: AuthJsSessionOptions = {
  secret: SECRET,
  issuer: 'https://app.example.com',
  audience: 'https://app.example.com/api',
  scopes: ['read:documents'],
  scopeClaim: 'permissions',
};

const verify = (token: string, options: Partial<AuthJsSessionOptions> = {}) =>
  createTokenVerifier({ trustedIssuers: [authJsSession({ ...OPTIONS, ...options })] }).verify(token);

function createApp(cookie: string, options: Partial<AuthJsSessionOptions> = {}) {
  const trusted = authJsSession({ ...OPTIONS, cookieName: cookie, ...options });
  const app = express();
  app.use(
    authenticate({
      trustedIssuers: [trusted],
      tokenLocations: { authorization: false, cookie },
      maxTokenLength: 20_000,
    }),
  );
  app.get('/documents', requireScope('read:documents'), (req, res) => {
    res.json({ for: verifiedToken(req).claims.sub });
  });
  return app;
}

describe('authJsSession with cookies of Auth.js', () => {
  test.each([
    ['https://app.example.com', COOKIE],
    ['http://localhost:3000', 'authjs.session-token'],
  ])('accepts the session of an application at %s', async (origin, cookie) => {
    const permissions = ['read:documents', 'admin'];
    const cookies = await signInWithAuthJs({ secret: SECRET, origin, claims: { permissions } });
    const answer = await request(createApp(cookie)).get('/documents').set('Cookie', cookies.header());

    expect(answer.body).toEqual({ for: 'alice' });
  });

  test('accepts a session that Auth.js has split into several cookies', async () => {
    const claims = { permissions: ['read:documents'], notes: 'n'.repeat(6000) };
    const header = (await signInWithAuthJs({ secret: SECRET, claims })).header();

    expect(header.match(/session-token\.\d/g)).toHaveLength(3);
    expect((await request(createApp(COOKIE)).get('/documents').set('Cookie', header)).status).toBe(200);
  });

  test('answers 403 to a session without the scope', async () => {
    const cookies = await signInWithAuthJs({ secret: SECRET });

    const answer = await request(createApp(COOKIE)).get('/documents').set('Cookie', cookies.header());

    expect(answer.status).toBe(403);
  });
});

describe('authJsSession', () => {
  test('gives iss and aud to sessions of Auth.js, which lack them', async () => {
    const token = await encode({ token: { sub: 'alice' }, secret: SECRET, salt: COOKIE });
    const { type, claims } = await verify(token);

    expect(type).toBe('external');
    expect(claims).toMatchObject({ iss: OPTIONS.issuer, aud: OPTIONS.audience, sub: 'alice' });
  });

  test('accepts sessions under the current and the previous secret', async () => {
    const salt = COOKIE;
    const secret = [SECRET, OLD_SECRET];
    const tokens = await Promise.all(
      secret.map((each) => encode({ token: { sub: 'alice' }, secret: each, salt })),
    );

    await expect(Promise.all(tokens.map((token) => verify(token, { secret })))).resolves.toHaveLength(2);
    expect(await rejectionOf(verify(tokens[1] ?? ''))).toMatchObject({ reason: 'unknown_key' });
  });

  test('rejects other cookies that are encrypted like a session, because they have no user (CVE-2023-48309)', async () => {
    const token = await encode({ token: { code_verifier: 'v' }, secret: SECRET, salt: COOKIE });

    expect(await rejectionOf(verify(token, { requiredClaims: ['email'] }))).toMatchObject({
      reason: 'claim_missing',
    });
    expect(await rejectionOf(verify(token))).toMatchObject({ reason: 'claim_missing' });
  });

  test('rejects sessions of a cookie with a different name', async () => {
    const token = await encode({ token: { sub: 'alice' }, secret: SECRET, salt: 'authjs.session-token' });

    expect(await rejectionOf(verify(token))).toMatchObject({ reason: 'unknown_key' });
  });

  test.each([{ iss: 'https://other.example.com' }, { aud: 'https://other.example.com' }])(
    'rejects a session with %j',
    async (claims) => {
      const token = await encode({ token: { sub: 'alice', ...claims }, secret: SECRET, salt: COOKIE });

      expect(await rejectionOf(verify(token))).toMatchObject({ status: 401 });
    },
  );

  test('rejects a lifetime of more than 30 days unless a longer one is set', async () => {
    const maxAge = 2_592_001;
    const token = await encode({ token: { sub: 'alice' }, secret: SECRET, salt: COOKIE, maxAge });

    expect(await rejectionOf(verify(token))).toMatchObject({ reason: 'lifetime_too_long' });
    expect((await verify(token, { maxTokenLifetimeSeconds: maxAge })).type).toBe('external');
  });

  test('accepts sessions of NextAuth 4, and those of Auth.js no longer', async () => {
    const session = await encodeNextAuthSession(SECRET);
    const ofAuthJs = await encode({ token: { sub: 'alice' }, secret: SECRET, salt: COOKIE });

    expect((await verify(session, { version: 4 })).claims.sub).toBe('alice');
    expect(await rejectionOf(verify(session))).toMatchObject({ reason: 'algorithm' });
    expect(await rejectionOf(verify(ofAuthJs, { version: 4 }))).toMatchObject({ reason: 'unknown_key' });
  });

  test.each([
    [{ secret: 's'.repeat(31) }, 'authJsSession: secret must be a string of at least 32 characters'],
    [{ secret: [] }, 'authJsSession: secret must be a string of at least 32 characters'],
    [{ secret: [SECRET, SECRET] }, 'authJsSession: secret: two keys have the same kid'],
    [{ secret: [SECRET, OLD_SECRET], version: 4 }, 'authJsSession: secret must be one string with version 4'],
    [{ version: 3 }, 'authJsSession: version must be 5 for Auth.js, or 4 for NextAuth'],
    [{ cookieName: '' }, 'authJsSession: cookieName must'],
    [{ scope: [] }, 'authJsSession: unknown option scope'],
    [{ issuer: '' }, 'authJsSession: issuer is required'],
  ])('throws for %j', (options, message) => {
    expect(() => authJsSession(untyped({ ...OPTIONS, ...options }))).toThrow(message);
  });
});
