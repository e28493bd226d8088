import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  type AcceptOptions,
  authenticate,
  findVerifiedToken,
  JweStrategy,
  type KeyRing,
  requireScope,
} from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

const MIDDLEWARE: readonly (readonly [string, (options: AcceptOptions) => RequestHandler])[] = [
  ['authenticate()', authenticate],
  [
    'JweStrategy',
    (options) =>
      new passport.Passport().use(new JweStrategy(options)).authenticate('jwe', { session: false }),
  ],
];

describe.each(MIDDLEWARE)('%s', (_name, create) => {
  const createApp = (options: Partial<AcceptOptions>, mountPath = '/'): Express => {
    const app = express().set('env', 'test');
    app.use(mountPath, create({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, ...options }));
    app.use('/guarded', requireScope('read:documents'));
    app.use((req, res) => void res.json({ sub: findVerifiedToken(req)?.claims.sub ?? null }));
    return app;
  };

  describe('with unless', () => {
    const unless = ['/health', { method: 'POST', path: '/login' }, '/api/open', '/guarded'];

    test.each([
      ['get', '/health'],
      ['head', '/health'],
      ['get', '/health?verbose=1'],
      ['post', '/login'],
    ] as const)('lets %s %s pass without a token', async (method, path) => {
      expect((await request(createApp({ unless }))[method](path)).status).toBe(200);
    });

    test.each([
      ['get', '/Health'],
      ['get', '/health/'],
      ['get', '/%68ealth'],
      ['get', '//health'],
      ['get', '/health;x'],
      ['get', '/x/../health'],
      ['get', '/healthy'],
      ['post', '/health'],
      ['get', '/login'],
      ['get', '/open'],
    ] as const)('requires a token for %s %s', async (method, path) => {
      expect((await request(createApp({ unless }))[method](path)).status).toBe(401);
    });

    test('includes the mount path', async () => {
      const app = createApp({ unless }, '/api');

      expect((await request(app).get('/api/open')).status).toBe(200);
      expect((await request(app).get('/api/health')).status).toBe(401);
    });

    test('does not read the token of an exempt route', async () => {
      const answer = await request(createApp({ unless })).get('/health').set('Authorization', 'Bearer a b');

      expect(answer).toMatchObject({ status: 200, body: { sub: null } });
    });

    test('does not satisfy guards', async () => {
      expect((await request(createApp({ unless })).get('/guarded')).status).toBe(401);
    });

    test.each([
      ['/health', 'must be an array'],
      [[/health/], 'exact path'],
      [['health'], 'exact path'],
      [['/files/:id'], 'exact path'],
      [['/public/*'], 'exact path'],
      [[{ path: '/login', method: 'post' }], 'method must be'],
      [[{ path: '/login', methods: ['POST'] }], 'unknown option methods'],
    ])('%j is rejected: %s', (routes, message) => {
      expect(() => createApp(untyped({ unless: routes }))).toThrow(new RegExp(message));
    });
  });

  describe('with preflight', () => {
    const PREFLIGHT = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'GET' };

    test('pass lets a preflight through', async () => {
      const answer = await request(createApp({ preflight: 'pass' }))
        .options('/')
        .set(PREFLIGHT);

      expect(answer).toMatchObject({ status: 200, body: { sub: null } });
    });

    test('rejects a preflight by default', async () => {
      expect((await request(createApp({})).options('/').set(PREFLIGHT)).status).toBe(401);
    });

    test.each([
      ['no Origin', { 'Access-Control-Request-Method': 'GET' }],
      ['no Access-Control-Request-Method', { Origin: 'https://app.example.com' }],
      ['other credentials', { ...PREFLIGHT, Authorization: 'Basic YTpi' }],
      ['a cookie', { ...PREFLIGHT, Cookie: 'a=b' }],
    ])('pass rejects an OPTIONS request with %s', async (_what, headers) => {
      expect(
        (
          await request(createApp({ preflight: 'pass' }))
            .options('/')
            .set(headers)
        ).status,
      ).toBe(401);
    });

    test('pass rejects other methods, and verifies a token', async () => {
      const app = createApp({ preflight: 'pass' });
      const withToken = request(app).options('/').set(PREFLIGHT).auth(token, { type: 'bearer' });

      expect((await request(app).get('/').set(PREFLIGHT)).status).toBe(401);
      expect((await withToken).body).toEqual({ sub: 'demo' });
    });

    test('must be pass or reject', () => {
      expect(() => createApp(untyped({ preflight: true }))).toThrow(
        ': preflight must be one of "pass", "reject"',
      );
    });
  });

  describe('with onRejected', () => {
    test('calls it once for each rejected request, with the error', async () => {
      const calls: unknown[] = [];
      const app = createApp({ onRejected: (error, req) => calls.push([error.code, req.path]) });
      await request(app).get('/a');
      await request(app).get('/b').set('Authorization', 'Bearer a.b.c.d.e');
      await request(app).get('/c').auth(token, { type: 'bearer' });

      expect(calls).toEqual([
        ['ERR_MISSING_CREDENTIALS', '/a'],
        ['ERR_INVALID_TOKEN', '/b'],
      ]);
    });

    test('calls it once for a request that a guard rejects', async () => {
      const onRejected = jest.fn<NonNullable<AcceptOptions['onRejected']>>();
      const guarded = express().use(
        create({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, onRejected }),
        requireScope('admin:all'),
      );
      await request(guarded).get('/').auth(token, { type: 'bearer' });

      expect(onRejected.mock.calls.map(([error]) => error.code)).toEqual(['ERR_INSUFFICIENT_SCOPE']);
    });

    test('can set headers, or send the response itself', async () => {
      const setsHeader = createApp({ onRejected: (_error, _req, res) => res.clearCookie('access') });
      const answers = createApp({ onRejected: (_error, _req, res) => res.status(418).json({ own: true }) });

      expect(await request(setsHeader).get('/')).toMatchObject({
        status: 401,
        headers: {
          'set-cookie': [expect.stringContaining('access=;')],
          'www-authenticate': 'Bearer realm="api"',
        },
      });
      expect(await request(answers).get('/')).toMatchObject({ status: 418, body: { own: true } });
    });

    test.each([
      [
        'throws',
        () => {
          throw new Error('secret');
        },
      ],
      ['rejects', () => Promise.reject(new Error('secret'))],
    ])('affects nothing if it %s', async (_what, onRejected) => {
      const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const answer = await request(createApp({ onRejected })).get('/');

      expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="api"' } });
      expect(emitWarning.mock.calls).toEqual([
        ['The function onRejected failed (Error)', { code: 'PASSPORT_JWE_ON_REJECTED' }],
      ]);
      emitWarning.mockRestore();
    });

    test('must be a function', () => {
      expect(() => createApp(untyped({ onRejected: 'log' }))).toThrow('onRejected must be a function');
    });
  });
});
