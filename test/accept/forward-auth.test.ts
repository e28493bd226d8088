import { createServer } from 'node:http';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import express from 'express';
import { type ForwardAuthOptions, forwardAuth, type KeyRing, requireScope, requireType } from 'passport-jwe';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { listen, type RawAnswer, sendRaw } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

const IDENTITY = [
  'x-auth-subject',
  'x-auth-issuer',
  'x-auth-client',
  'x-auth-scope',
  'x-auth-token-type',
  'x-auth-expires',
];
const ORIGINAL = ['X-Original-Method: GET', 'X-Original-URI: /reports/7?page=2'];

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

function createApp(options: Partial<ForwardAuthOptions> = {}) {
  const app = express().set('env', 'test');
  app.get('/auth', forwardAuth({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, ...options }));
  return app;
}

/** What the handler answers a proxy that asks about a request with these header lines. */
function ask(options: Partial<ForwardAuthOptions>, ...lines: readonly string[]): Promise<RawAnswer> {
  return sendRaw(createApp(options), ['GET /auth HTTP/1.1', ...lines]);
}

const authorized = (presented = token) => [...ORIGINAL, `Authorization: Bearer ${presented}`];

function identityOf({ headers }: RawAnswer): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(IDENTITY.map((name) => [name, headers[name]]));
}

describe('forwardAuth', () => {
  test('returns the identity of an accepted token in headers, and no body', async () => {
    const answer = await ask({}, ...authorized());

    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(identityOf(answer)).toEqual({
      'x-auth-subject': 'demo',
      'x-auth-issuer': ISSUER,
      'x-auth-client': 'demo',
      'x-auth-scope': 'read:documents write:documents',
      'x-auth-token-type': 'tiered_model_exec',
      'x-auth-expires': String(NOW + 600),
    });
  });

  test('returns every header for an anonymous request, with an empty value', async () => {
    const answer = await ask({ credentialsRequired: false }, ...ORIGINAL, 'X-Auth-Subject: admin');

    expect(answer.status).toBe(200);
    expect(identityOf(answer)).toEqual(Object.fromEntries(IDENTITY.map((name) => [name, ''])));
  });

  test.each([
    ['Jörg Ünal', 'J%C3%B6rg%20%C3%9Cnal'],
    ['山田', '%E5%B1%B1%E7%94%B0'],
    ['a\r\nX-Auth-Scope: admin', 'a%0D%0AX-Auth-Scope:%20admin'],
    ['a, b', 'a%2C%20b'],
    ['50%25', '50%2525'],
    ['a+b', 'a%2Bb'],
    ["'; (!*)", '%27%3B%20%28%21%2A%29'],
    ['\u0000', '%00'],
    ['auth0|alice@example.com', 'auth0|alice@example.com'],
  ])('encodes the subject %j, so that decodeURIComponent() returns it', async (sub, encoded) => {
    const answer = await ask({}, ...authorized(mintToken(keyRing, { claims: { sub } })));

    expect(answer.headers['x-auth-subject']).toBe(encoded);
    expect(decodeURIComponent(encoded)).toBe(sub);
  });

  test('encodes scope tokens one by one', async () => {
    const scope = 'a%20b c,d';
    const presented = mintToken(keyRing, { claims: { scope, permissions: scope.split(' ') } });

    expect((await ask({}, ...authorized(presented))).headers['x-auth-scope']).toBe('a%2520b c%2Cd');
  });

  test('rejects a subject that has no UTF-8 encoding', async () => {
    const answer = await ask({}, ...authorized(mintToken(keyRing, { claims: { sub: 'a\ud800' } })));

    expect(answer.status).toBe(403);
    expect(answer.headers['x-auth-subject']).toBeUndefined();
  });

  test.each([
    ['no method', ['X-Original-URI: /'], 403],
    ['no target', ['X-Original-Method: GET'], 403],
    ['two targets', [...ORIGINAL, 'X-Original-URI: /other'], 403],
    ['two methods', [...ORIGINAL, 'X-Original-Method: POST'], 403],
    ['an empty target', ['X-Original-Method: GET', 'X-Original-URI:'], 401],
    ['a target that is no path', ['X-Original-Method: GET', 'X-Original-URI: reports'], 401],
    ['a method with a space', ['X-Original-Method: GET x', 'X-Original-URI: /'], 401],
  ])('rejects a request with %s, also with a valid token', async (_fault, lines, status) => {
    const answer = await ask({}, ...lines, `Authorization: Bearer ${token}`);

    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="api", error="/);
    expect(answer.headers['x-auth-subject']).toBeUndefined();
  });

  test.each([
    ...[
      '/public/../reports',
      '/public/..',
      '/./reports',
      '/public/.?a',
      '/public/..;a/reports',
      '/public/..%3Ba',
    ],
    ...['/public/%2e%2E/reports', '/public/.%2e', '/public%2F..%2freports', '/public/..%5Creports'],
    ...['/public\\reports', '/public/..\\reports', '/public#/reports'],
  ])('rejects the ambiguous target %s, also without a token', async (target) => {
    const lines = ['X-Original-Method: GET', `X-Original-URI: ${target}`];
    const [anonymous, known] = [
      await ask({ credentialsRequired: false }, ...lines),
      await ask({}, ...lines, `Authorization: Bearer ${token}`),
    ];

    expect([anonymous.status, known.status]).toEqual([401, 401]);
    expect(known.headers['www-authenticate']).toMatch(/error="invalid_request"/);
  });

  test.each(['/a%2Fb', '/.well-known/x', '/a..b/...', '/a.', '/a?b=/../c&d=\\', '/%5Ca', '*'])(
    'accepts the target %s',
    async (target) => {
      const lines = ['X-Original-Method: OPTIONS', `X-Original-URI: ${target}`];

      expect((await ask({}, ...lines, `Authorization: Bearer ${token}`)).status).toBe(200);
    },
  );

  test('reads the headers of Traefik and Caddy', async () => {
    const lines = ['X-Forwarded-Method: GET', 'X-Forwarded-Uri: /reports', `Authorization: Bearer ${token}`];

    expect((await ask({ originalRequest: 'x-forwarded' }, ...lines)).status).toBe(200);
    expect((await ask({}, ...lines)).status).toBe(403);
  });

  test('rejects peers that are not proxies, and warns once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const app = createApp({ proxies: ['10.0.3.0/24'] });
    const lines = ['GET /auth HTTP/1.1', ...authorized(), 'X-Forwarded-For: 10.0.3.1'];
    const statuses = [(await sendRaw(app, lines)).status, (await sendRaw(app, lines)).status];
    const calls = warn.mock.calls.map(([message]) => message);
    warn.mockRestore();

    expect(statuses).toEqual([403, 403]);
    expect(calls).toEqual([
      'forwardAuth rejected a request from a peer that is not in the option proxies: add the address of the proxy',
    ]);
  });

  test('runs guards on the original request, in their order', async () => {
    const seen: unknown[] = [];
    const guards: ForwardAuthOptions['guards'] = [
      ({ method, url }, _res, next) => {
        seen.push(method, url);
        next();
      },
      requireScope('read:documents'),
    ];

    expect((await ask({ guards }, ...authorized())).status).toBe(200);
    expect(seen).toEqual(['GET', '/reports/7?page=2']);
    expect((await ask({ guards: [requireType('user')] }, ...authorized())).status).toBe(403);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'passes an error',
      (_req: unknown, _res: unknown, next: (error: unknown) => void) => next(new Error('broken')),
    ],
    ['skips the route', (_req: unknown, _res: unknown, next: (error: unknown) => void) => next('route')],
  ])('admits no request if a guard %s', async (_fault, guard) => {
    const answer = await ask({ guards: [guard] }, ...authorized());

    expect(answer.status).toBe(500);
    expect(answer.headers['x-auth-subject']).toBeUndefined();
  });

  test('compares DPoP proofs with the original request', async () => {
    const signer = createProofSigner();
    const bound = mintToken(keyRing, { claims: { cnf: { jkt: signer.jkt } } });
    const dpop = { mode: 'require', baseUrl: AUDIENCE } as const;
    const send = (url: string, method = 'GET') =>
      ask(
        { dpop },
        ...ORIGINAL,
        `Authorization: DPoP ${bound}`,
        `DPoP: ${createProof(signer, { method, url, token: bound })}`,
      );

    expect((await send(`${AUDIENCE}/reports/7`)).status).toBe(200);
    expect((await send(`${AUDIENCE}/auth`)).status).toBe(401);
    expect((await send(`${AUDIENCE}/reports/7`, 'POST')).status).toBe(401);
    expect((await ask({}, ...authorized(bound))).status).toBe(401);
  });

  test('exempts routes by the original path', async () => {
    const unless = ['/reports/7'];

    expect((await ask({ unless }, ...ORIGINAL)).status).toBe(200);
    expect((await ask({ unless: ['/auth'] }, ...ORIGINAL)).status).toBe(401);
  });

  test('does not change the request that middleware of the application sees', async () => {
    const app = express().set('env', 'test');
    const seen: unknown[] = [];
    app.use((req, res, next) => {
      res.on('finish', () => seen.push(req.method, req.originalUrl, Object.hasOwn(req, 'path')));
      next();
    });
    const server = createServer(app.use(createApp()));
    const port = await listen(server);
    await fetch(`http://127.0.0.1:${port}/auth`, {
      headers: { 'X-Original-Method': 'HEAD', 'X-Original-URI': '/' },
    });
    server.close();

    expect(seen).toEqual(['GET', '/auth', false]);
  });

  test.each([
    [{ failWithError: true }, 'forwardAuth: unknown option failWithError'],
    [{ proxies: [] }, 'forwardAuth: proxies must be a non-empty array'],
    [{ originalRequest: 'host' }, 'forwardAuth: originalRequest must be one of x-original, x-forwarded'],
    [{ guards: requireType('user') }, 'forwardAuth: guards must be an array of middleware'],
    [{ tokenLocations: { form: true } }, 'forwardAuth: tokenLocations.form must not be set'],
    [{ mutualTls: { certificate: 'socket' } }, 'forwardAuth: mutualTls.certificate must not be "socket"'],
    [{ audience: undefined }, 'forwardAuth: audience must be'],
  ])('rejects the options %j', (options, message) => {
    expect(() => createApp(untypedValue(options))).toThrow(message);
  });

  test('reports that it was mounted instead of called', async () => {
    const app = express().set('env', 'test').use(untypedValue(forwardAuth));

    expect((await sendRaw(app, ['GET / HTTP/1.1'])).body).toContain('forwardAuth: received a request');
  });
});
