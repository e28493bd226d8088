import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import {
  authorizationServerMetadata,
  type CorsOptions,
  createMemoryStores,
  createRevocations,
  createSigningKey,
  protectedResourceMetadata,
  tokenRouter,
} from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { sendRaw } from '../support/http.js';
import { generateSigner } from '../support/key-pairs.js';
import { SESSION_KEYS } from '../support/session-app.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const PAGE = 'https://app.example.com';
const EXTENSION = 'chrome-extension://abcdefghijklmnop';
const ENDPOINTS = [
  ['/oauth/token', 'POST'],
  ['/oauth/revoke', 'POST'],
  ['/oauth/jwks', 'GET, HEAD'],
  ['/.well-known/oauth-authorization-server', 'GET, HEAD'],
  ['/.well-known/oauth-protected-resource', 'GET, HEAD'],
] as const;

let listed: Express;
let open: Express;
let closed: Express;

beforeAll(async () => {
  listed = await createApp({ origins: [PAGE, EXTENSION] });
  open = await createApp({ origins: '*' });
  closed = await createApp();
});

async function createApp(cors?: CorsOptions): Promise<Express> {
  const stores = createMemoryStores({ clock });
  const tokens = tokenRouter({
    keyRing: await createRing(),
    issuer: ISSUER,
    audience: AUDIENCE,
    apiKeys: await loadFiles(SESSION_KEYS),
    revocations: createRevocations({ stores, clock }),
    signing: await createSigningKey({ jwk: generateSigner().privateJwk }),
    clock,
    ...(cors && { cors }),
  });
  const added = cors && { cors };
  return express()
    .use('/oauth', tokens)
    .use(authorizationServerMetadata({ tokenRouter: tokens, url: `${ISSUER}/oauth`, ...added }))
    .use(protectedResourceMetadata({ resource: AUDIENCE, authorizationServers: [ISSUER], ...added }));
}

const preflight = (app: Express, path: string, origin: string) =>
  request(app)
    .options(path)
    .set('Origin', origin)
    .set('Access-Control-Request-Method', 'POST')
    .set('Access-Control-Request-Headers', 'content-type,mcp-protocol-version');

const corsHeadersOf = (headers: object) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control'));

describe.each(ENDPOINTS)('%s', (path, methods) => {
  test.each([PAGE, EXTENSION])('answers the preflight of %s', async (origin) => {
    const { status, headers } = await preflight(listed, path, origin);

    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'content-type,mcp-protocol-version',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    });
  });

  test('exposes the headers of challenges and limits to a listed page', async () => {
    const { headers } = await request(listed).get(path).set('Origin', PAGE);

    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-expose-headers':
        'WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, DPoP-Nonce',
      vary: 'Origin',
    });
  });

  test.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'null',
  ])('allows nothing to %s', async (origin) => {
    const answers = [
      await preflight(listed, path, origin),
      await request(listed).get(path).set('Origin', origin),
    ];

    for (const { headers } of answers) {
      expect(corsHeadersOf(headers)).toEqual([]);
      expect(headers['vary']).toContain('Origin');
    }
  });

  test('varies by origin without an Origin header too, because caches store the response', async () => {
    expect((await request(listed).get(path)).headers['vary']).toBe('Origin');
  });

  test('allows every page with "*"', async () => {
    const answers = [await preflight(open, path, 'null'), await request(open).get(path)];

    for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('never allows credentials', async () => {
    for (const app of [listed, open]) {
      expect((await preflight(app, path, PAGE)).headers).not.toHaveProperty(
        'access-control-allow-credentials',
      );
      expect((await request(app).get(path).set('Origin', PAGE)).headers).not.toHaveProperty(
        'access-control-allow-credentials',
      );
    }
  });

  test('sends no CORS header without the option', async () => {
    const answers = [
      await preflight(closed, path, PAGE),
      await request(closed).get(path).set('Origin', PAGE),
    ];

    for (const { headers } of answers) {
      expect(corsHeadersOf(headers)).toEqual([]);
      expect(headers['vary']).toBeUndefined();
    }
  });

  test('treats OPTIONS without a preflight as any other method', async () => {
    const { status } = await request(listed).options(path).set('Origin', PAGE);

    expect([404, 405]).toContain(status);
  });
});

test('a page can read the error of the token endpoint', async () => {
  const { status, headers } = await request(listed).post('/oauth/token').set('Origin', PAGE);

  expect(status).toBe(401);
  expect(headers['access-control-allow-origin']).toBe(PAGE);
});

test('a request with two Origin headers gets no CORS headers', async () => {
  const lines = ['GET /oauth/jwks HTTP/1.1', `Origin: ${PAGE}`, 'Origin: https://evil.example'];

  expect(corsHeadersOf((await sendRaw(listed, lines)).headers)).toEqual([]);
});

test('introspection, which only servers call, has no CORS headers', async () => {
  const { headers } = await preflight(open, '/oauth/introspect', PAGE);

  expect(corsHeadersOf(headers)).toEqual([]);
});

test('paths without a document have no CORS headers', async () => {
  const { status, headers } = await preflight(open, '/.well-known/other', PAGE);

  expect([status, corsHeadersOf(headers)]).toEqual([404, []]);
});

test.each([
  [[]],
  [['']],
  [['*']],
  [['null']],
  [['https://*.example.com']],
  [['https://app.example.com/']],
  [['https://app.example.com:443']],
  [['https://App.example.com']],
  [['https://a.example https://b.example']],
  [['https://user@app.example.com']],
  ['https://app.example.com'],
  [[7]],
  [undefined],
])('%j is no list of origins', (origins) => {
  const options = { resource: AUDIENCE, authorizationServers: [ISSUER], cors: { origins } };

  expect(() => Reflect.apply(protectedResourceMetadata, undefined, [options])).toThrow(
    'protectedResourceMetadata: cors.origins must be "*" or a non-empty array of origins',
  );
});
