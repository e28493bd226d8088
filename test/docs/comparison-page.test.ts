import { readFile } from 'node:fs/promises';
import { encode } from '@auth/core/jwt';
import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { expressjwt } from 'express-jwt';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { decodeProtectedHeader, SignJWT } from 'jose';
import passport from 'passport';
import { authenticate, createKeyRing, createTokenIssuer, requireScope } from 'passport-jwe';
import { ExtractJwt, Strategy } from 'passport-jwt';
import request from 'supertest';
import { AUDIENCE, ISSUER, secretOf } from '../support/tokens.js';

const ROOT = new URL('../../', import.meta.url);
const SECRET = 'a secret of thirty-two characters';
const VERIFICATION = { issuer: ISSUER, audience: AUDIENCE };

const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

/** Reports errors as Express does by default: the status and the headers of the error. */
const reportError: ErrorRequestHandler = (error, _req, res, _next) => {
  res
    .set(error.headers ?? {})
    .status(error.status ?? 500)
    .end();
};

function guardedBy(...guards: readonly RequestHandler[]): Express {
  return express()
    .get('/', ...guards, (_req, res) => void res.json({ ok: true }))
    .use(reportError);
}

/** An application that verifies signed JWTs with passport-jwt. */
function createPassportJwtApp(): Express {
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  const options = { ...VERIFICATION, jwtFromRequest, secretOrKey: SECRET };
  const authenticator = new passport.Passport();
  authenticator.use(new Strategy(options, (payload, done) => done(null, payload)));
  return guardedBy(authenticator.authenticate('jwt', { session: false }));
}

const bearerOptions = { ...VERIFICATION, secret: SECRET, tokenSigningAlg: 'HS256' };

let apps: Readonly<Record<string, Express>> = {};
let encrypted = '';
let signed = '';

beforeAll(async () => {
  const keyRing = await createKeyRing({ current: { secret: secretOf(3) } });
  const options = { keyRing, ...VERIFICATION };
  apps = {
    'passport-jwe': guardedBy(authenticate(options), requireScope('read:documents')),
    'passport-jwt': createPassportJwtApp(),
    'express-jwt': guardedBy(expressjwt({ ...VERIFICATION, secret: SECRET, algorithms: ['HS256'] })),
    'express-oauth2-jwt-bearer': guardedBy(auth(bearerOptions)),
  };
  const claims = { price: 42 };
  ({ token: encrypted } = await createTokenIssuer(options).issue({
    subject: 'alice',
    scope: ['read:documents'],
    claims,
  }));
  signed = await new SignJWT({ ...claims, scope: 'read:documents' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('alice')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(SECRET));
});

const send = (app: Express, token?: string) => {
  const get = request(app).get('/');
  return token === undefined ? get : get.set('Authorization', `Bearer ${token}`);
};

/** Statuses of all applications for a token, and whether the response has a challenge. */
async function callAll(token?: string): Promise<Record<string, readonly [number, boolean]>> {
  const answers = Object.entries(apps).map(async ([name, app]) => {
    const { status, headers } = await send(app, token);
    return [name, [status, headers['www-authenticate'] !== undefined]] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

describe('the comparison page', () => {
  test.each(['passport-jwt', 'express-jwt', 'express-oauth2-jwt-bearer', 'oidc-provider', '@auth/core'])(
    'has the version, engines and dependencies of %s',
    async (name) => {
      const { version, engines, dependencies } = JSON.parse(await read(`node_modules/${name}/package.json`));
      const declared =
        engines?.node === undefined ? 'not declared' : `\`${engines.node.replaceAll('|', '\\|')}\``;
      const row = `| ${name} | ${version} | ${declared} | ${Object.keys(dependencies).length} |`;

      expect(await read('docs/explain/comparison.md')).toContain(row);
    },
  );

  test('has the version, engines and dependencies of this package', async () => {
    const { version, engines, dependencies } = JSON.parse(await read('package.json'));
    const row = `| passport-jwe | ${version} | \`${engines.node}\` | ${Object.keys(dependencies).length} |`;

    expect(await read('docs/explain/comparison.md')).toContain(row);
  });

  test('says which packages send a challenge on failures', async () => {
    const expected = {
      'passport-jwe': [401, true],
      'passport-jwt': [401, false],
      'express-jwt': [401, false],
      'express-oauth2-jwt-bearer': [401, true],
    };

    expect(await callAll()).toEqual(expected);
    expect(await callAll('invalid')).toEqual(expected);
  });

  test('says which packages accept encrypted tokens, and which signed ones', async () => {
    const statuses = async (token: string) =>
      Object.fromEntries(Object.entries(await callAll(token)).map(([name, [status]]) => [name, status]));
    const peers = ['passport-jwt', 'express-jwt', 'express-oauth2-jwt-bearer'];

    expect(await statuses(encrypted)).toEqual({
      'passport-jwe': 200,
      ...Object.fromEntries(peers.map((name) => [name, 401])),
    });
    expect(await statuses(signed)).toEqual({
      'passport-jwe': 401,
      ...Object.fromEntries(peers.map((name) => [name, 200])),
    });
  });

  test('says that clients can read the claims of signed JWTs, and not those of encrypted tokens', () => {
    const segments = (token: string) =>
      token.split('.').map((segment) => Buffer.from(segment, 'base64url').toString());

    expect(segments(signed).join()).toContain('"price":42');
    expect(segments(encrypted).join()).not.toContain('price');
    expect(encrypted.length).toBeGreaterThan(signed.length);
  });

  test('says that a callback of express-jwt rejects revoked tokens', async () => {
    const options = { ...VERIFICATION, secret: SECRET, algorithms: ['HS256' as const] };
    const app = guardedBy(expressjwt({ ...options, isRevoked: async () => true }));

    expect((await send(app, signed)).status).toBe(401);
  });

  test('says that express-oauth2-jwt-bearer has guards for scopes and DPoP', async () => {
    const scoped = await send(guardedBy(auth(bearerOptions), requiredScopes('write:documents')), signed);
    const dpop = guardedBy(auth({ ...bearerOptions, dpop: { enabled: true, required: true } }));

    expect(scoped.status).toBe(403);
    expect(scoped.headers['www-authenticate']).toContain('insufficient_scope');
    expect((await send(dpop, signed)).headers['www-authenticate']).toContain('DPoP');
  });

  test('says that Auth.js encrypts its sessions', async () => {
    const session = await encode({ token: { sub: 'alice' }, secret: SECRET, salt: 'session' });

    expect(decodeProtectedHeader(session)).toMatchObject({ alg: 'dir', enc: 'A256CBC-HS512' });
  });
});
