import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import {
  authenticate,
  type KeyRing,
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireMaxAge,
  requireScope,
  requireType,
} from 'passport-jwe';
import request from 'supertest';
import { ADAPTERS } from '../support/apps.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const OTHER = 'https://other.example.com';

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

const GUARDS: readonly [string, RequestHandler][] = [
  ['requireScope', requireScope('read:documents')],
  ['requireAnyScope', requireAnyScope('read:documents')],
  ['requireAudience', requireAudience(AUDIENCE)],
  ['requireType', requireType('tiered_model_exec')],
  ['requireClaim', requireClaim('sub')],
  ['requireMaxAge', requireMaxAge(60)],
];

/** The status of a request whose token has these claims, behind this guard. */
async function statusOf(guard: RequestHandler, claims: Record<string, unknown> = {}): Promise<number> {
  const app = express();
  app.set('env', 'test');
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: [AUDIENCE, OTHER], clock }));
  app.get('/', guard, (_req, res) => void res.json({}));
  const answer = await request(app).get('/').auth(mintToken(keyRing, { claims }), { type: 'bearer' });
  return answer.status;
}

describe.each(GUARDS)('%s', (name, guard) => {
  test('has a name, for stack traces and route listings', () => {
    expect(guard.name).toBe(name);
  });

  test('rejects every request if no authentication ran, for any req.user', async () => {
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, {
        user: { sub: 'root', scope: 'read:documents' },
        auth: { scope: ['read:documents'] },
      });
      next();
    });
    app.get('/', guard, (_req, res) => void res.json({}));
    const answer = await request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' });

    expect(answer).toMatchObject({ status: 401, text: '' });
    const scope = name.endsWith('Scope') ? ', scope="read:documents"' : '';
    expect(answer.headers['www-authenticate']).toBe(`Bearer realm="api"${scope}`);
  });

  test.each(ADAPTERS)('passes a token that satisfies it, behind $name', async ({ createApp }) => {
    const app = createApp({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }, [guard]);

    expect((await request(app).get('/resource').auth(mintToken(keyRing), { type: 'bearer' })).status).toBe(
      200,
    );
  });
});

describe('requireScope', () => {
  test.each([
    [['read:documents', 'write:documents'], 200],
    [['read:documents', 'admin'], 403],
    [['read'], 403],
    [['documents'], 403],
  ] as const)('with %j answers %i to a token that may read and write documents', async (scopes, status) => {
    const [first, ...others] = scopes;

    expect(await statusOf(requireScope(first, ...others))).toBe(status);
  });

  test('reads only scope, and no claim of a similar name', async () => {
    const claims = { scope: 'other', permissions: ['admin'], scopes: ['admin'], scp: 'admin' };

    expect(await statusOf(requireScope('admin'), claims)).toBe(403);
  });

  test('reads the claim that the scopeClaim option names', async () => {
    const app = express();
    app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, scopeClaim: 'scp' }));
    app.get('/', requireScope('admin'), (_req, res) => void res.json({}));
    const token = mintToken(keyRing, { claims: { scope: undefined, scp: ['admin'] } });

    expect((await request(app).get('/').auth(token, { type: 'bearer' })).status).toBe(200);
  });

  test.each([[[]], [['']], [['a b']], [['a"b']], [['a', 'é']]])('is not created with %j', (scopes) => {
    expect(() => Reflect.apply(requireScope, undefined, scopes)).toThrow(TypeError);
    expect(() => Reflect.apply(requireAnyScope, undefined, scopes)).toThrow(TypeError);
  });
});

describe('requireAnyScope', () => {
  test('passes a token that has one of them', async () => {
    expect(await statusOf(requireAnyScope('admin', 'write:documents'))).toBe(200);
    expect(await statusOf(requireAnyScope('admin', 'write'))).toBe(403);
  });
});

describe('requireAudience', () => {
  test('distinguishes the audiences that authentication accepts', async () => {
    expect(await statusOf(requireAudience(AUDIENCE), { aud: AUDIENCE })).toBe(200);
    expect(await statusOf(requireAudience(OTHER), { aud: AUDIENCE })).toBe(401);
  });

  test('rejects a token that lists a second audience under the key of the first', async () => {
    expect(await statusOf(requireAudience(OTHER), { aud: [AUDIENCE, OTHER] })).toBe(401);
  });

  test('is not created without one', () => {
    expect(() => Reflect.apply(requireAudience, undefined, [])).toThrow(TypeError);
  });
});

describe('requireType', () => {
  test('passes any of several types', async () => {
    expect(await statusOf(requireType('service', 'tiered_model_exec'))).toBe(200);
    expect(await statusOf(requireType('service', 'foreign'))).toBe(403);
  });

  test('treats tokens of other issuers as foreign', async () => {
    expect(await statusOf(requireType('foreign'), { type: undefined })).toBe(200);
  });

  test('is not created without one', () => {
    expect(() => Reflect.apply(requireType, undefined, [])).toThrow(TypeError);
  });
});

describe('requireClaim', () => {
  test.each([
    ['a value that is equal', requireClaim('client_id', 'demo'), 200],
    ['a value that is not', requireClaim('client_id', 'other'), 403],
    [
      'a function that agrees',
      requireClaim('metadata', (value) => JSON.stringify(value).includes('enterprise')),
      200,
    ],
    ['a function that does not', requireClaim('metadata', () => false), 403],
    ['a claim that is there', requireClaim('jti'), 200],
    ['a claim that is not', requireClaim('session_id'), 403],
    ['a name that objects inherit', requireClaim('toString'), 403],
  ])('with %s', async (_name, guard, status) => {
    expect(await statusOf(guard)).toBe(status);
  });

  test('does not call the function if the claim is absent', async () => {
    const guard = requireClaim('session_id', (value) => String(value).length > 0);

    expect(await statusOf(guard)).toBe(403);
  });

  test('passes on the error of a function that throws', async () => {
    const guard = requireClaim('jti', () => {
      throw new Error('bug');
    });

    expect(await statusOf(guard)).toBe(500);
  });

  test('rejects a promise, which would always be truthy', async () => {
    const later = Reflect.apply(requireClaim, undefined, ['sub', async () => false]);

    expect(await statusOf(later)).toBe(403);
  });

  test('is not created with a value that the application failed to find', () => {
    expect(() => requireClaim('tenant', process.env['NO_SUCH_TENANT'])).toThrow(TypeError);
  });

  test('is not created without a name', () => {
    expect(() => requireClaim('')).toThrow(TypeError);
  });
});

describe('requireMaxAge', () => {
  test.each([
    [60, 200],
    [61, 401],
  ])('with 60 seconds, answers a token of %i seconds with %i', async (age, status) => {
    expect(await statusOf(requireMaxAge(60), { iat: NOW - age, nbf: NOW - age })).toBe(status);
  });

  test.each([
    [300, 200],
    [301, 401],
  ])("with '5m', answers a token of %i seconds with %i", async (age, status) => {
    expect(await statusOf(requireMaxAge('5m'), { iat: NOW - age, nbf: NOW - age })).toBe(status);
  });

  test('with Infinity, passes a token of any age', async () => {
    expect(await statusOf(requireMaxAge(Number.POSITIVE_INFINITY), { iat: NOW - 3600, nbf: NOW })).toBe(200);
  });

  test.each([[0], [-1], [Number.NaN]])('is not created with %s', (seconds) => {
    expect(() => requireMaxAge(seconds)).toThrow(TypeError);
  });
});
