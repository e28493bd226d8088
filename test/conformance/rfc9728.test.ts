import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import {
  authenticate,
  type CorsOptions,
  type ProtectedResource,
  protectedResourceMetadata,
  protectedResourceUrl,
} from 'passport-jwe';
import request from 'supertest';
import { mcpResourceMetadata } from '../support/client-schemas.js';
import { listen, sendRaw } from '../support/http.js';
import { AUDIENCE, createRing, ISSUER } from '../support/tokens.js';

const PATH = '/.well-known/oauth-protected-resource';
const HOST = 'https://api.example.com';

/** Resources with paths and queries of all kinds, in the spelling of the operator. */
const RESOURCES = [
  ...[
    HOST,
    `${HOST}/reports`,
    `${HOST}/slash/`,
    `${HOST}/a/b/c`,
    `${HOST}/:id(\\d+)?`,
    `${HOST}/files/*path{x}`,
  ],
  ...[
    `${HOST}/with space`,
    `${HOST}/with%20escaped`,
    `${HOST}/größe/日本`,
    `${HOST}/%E2%82%AC`,
    `${HOST}/a%2Fb`,
  ],
  ...[
    `${HOST}/a+b.c$d^e[f]|g`,
    `${HOST}/~user/!x;y=1,2&z='(q)'@:`,
    `${HOST}/mcp?tenant=1`,
    `${HOST}/mcp?tenant=2`,
  ],
  ...[`${HOST}/mcp`, `${HOST}/?q="a b"\\c`, `${HOST}/MCP`, `${HOST}/twice`, `${HOST}/twice/`],
];

const describeEach = (resources: readonly string[]): readonly ProtectedResource[] =>
  resources.map((resource) => ({ resource, authorizationServers: [ISSUER] }));

function createApp(
  resources: readonly ProtectedResource[] = describeEach(RESOURCES),
  cors?: CorsOptions,
): Express {
  return express().use(protectedResourceMetadata({ resources, ...(cors && { cors }) }));
}

const targetOf = (url: string): string => url.slice(new URL(url).origin.length);

describe('RFC 9728 §2, protected resource metadata', () => {
  test('contains the members of each resource', async () => {
    const app = createApp([
      { resource: `${HOST}/a`, authorizationServers: [ISSUER], scopes: ['read'] },
      {
        resource: `${HOST}/b`,
        authorizationServers: ['https://one.example.com', 'https://two.example.com'],
        bearerMethods: ['header', 'body'],
        members: { resource_name: 'B', scopes_supported: ['write'], bearer_methods_supported: ['header'] },
      },
    ]);

    expect((await request(app).get(`${PATH}/a`)).body).toEqual({
      resource: `${HOST}/a`,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read'],
    });
    expect((await request(app).get(`${PATH}/b`)).body).toEqual({
      resource: `${HOST}/b`,
      authorization_servers: ['https://one.example.com', 'https://two.example.com'],
      bearer_methods_supported: ['header', 'body'],
      scopes_supported: ['write'],
      resource_name: 'B',
    });
  });

  test.each(['#', '#a', '?q=1#a'])('rejects a resource with a fragment: %s', (suffix) => {
    expect(() => createApp(describeEach([HOST + suffix]))).toThrow('must not contain a fragment');
  });

  test.each(['http://api.example.com', 'urn:example:api', 'https://user:password@api.example.com'])(
    'rejects the resource %s, which has not the https scheme or has credentials',
    (resource) => {
      expect(() => createApp(describeEach([resource]))).toThrow('resources[0].resource must');
    },
  );
});

describe('RFC 9728 §3.1, metadata request', () => {
  test.each(RESOURCES)('serves the document of %s at protectedResourceUrl()', async (resource) => {
    const { status, body } = await request(createApp()).get(targetOf(protectedResourceUrl(resource)));

    expect([status, body.resource]).toEqual([200, resource]);
  });

  test.each([
    [HOST, ''],
    [`${HOST}/`, ''],
    [`${HOST}/?q=1`, '?q=1'],
    [`${HOST}?q=1`, '?q=1'],
    [`${HOST}/a`, '/a'],
    [`${HOST}/a/`, '/a/'],
    [`${HOST}/a?q=1`, '/a?q=1'],
  ])('the URL of %s ends with "%s"', (resource, suffix) => {
    expect(protectedResourceUrl(resource)).toBe(HOST + PATH + suffix);
  });

  test.each([
    ['/with%20space', '/with space'],
    ['/gr%c3%b6%c3%9fe/%e6%97%a5%e6%9c%ac', '/größe/日本'],
    ['/%72eports', '/reports'],
    ['/a+b.c$d%5Ee%5bf%5D%7cg', '/a+b.c$d^e[f]|g'],
    ['/a+b.c$d^e[f]|g', '/a+b.c$d^e[f]|g'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/slash', '/slash/'],
    ['/twice', '/twice'],
    ['/twice/', '/twice/'],
    ['/reports?cache=1', '/reports'],
    ['/mcp?tenant=3', '/mcp'],
    ['?q=%22a%20b%22%5cc', '/?q="a b"\\c'],
  ])('finds the resource of an equivalent target: %s', async (target, resource) => {
    const answer = await sendRaw(createApp(), [`GET ${PATH}${target} HTTP/1.1`]);

    expect(answer.status).toBe(200);
    expect(JSON.parse(Buffer.from(answer.body, 'latin1').toString()).resource).toBe(HOST + resource);
  });

  test.each([
    '/a/b',
    '/%61/b',
    '/Reports',
    '/reports/x',
    '/:id',
    '/files/abc',
    '/reports%2F',
    '/reports//',
    '/a%2fb/',
  ])('finds no resource for %s', async (target) => {
    const { status } = await sendRaw(createApp(), [`GET ${PATH}${target} HTTP/1.1`]);

    expect(status).toBe(404);
  });

  test('serves any path and query, in the spelling of WHATWG clients', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, query) => {
        const resource = new URL(`${HOST}${path}${query === '' ? '' : `?${query}`}`).href;
        const { body } = await request(createApp(describeEach([resource]))).get(
          targetOf(protectedResourceUrl(resource)),
        );

        expect(body.resource).toBe(resource);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    [[`${HOST}/a`, `${HOST}/a`]],
    [[HOST, `${HOST}/`]],
    [[`${HOST}/%7Ea`, `${HOST}/~a`]],
    [['https://one.example.com/a', 'https://two.example.com/a']],
  ])('rejects resources with the same path and query: %j', (resources) => {
    expect(() => createApp(describeEach(resources))).toThrow('resources[1].resource must differ');
  });
});

describe('RFC 9728 §3.2, metadata response', () => {
  test('is 200 with a JSON object', async () => {
    const { status, type, body } = await request(createApp()).get(PATH);

    expect([status, type, body.resource]).toEqual([200, 'application/json', HOST]);
  });

  test('contains no array without elements', async () => {
    const app = createApp([{ resource: HOST, authorizationServers: [ISSUER], scopes: [] }]);

    expect((await request(app).get(PATH)).body).not.toHaveProperty('scopes_supported');
  });
});

describe('RFC 9728 §3.3, metadata validation', () => {
  test.each([`/reports`, `/slash/`, `/größe`, `/a b`, `/mcp?tenant=1`])(
    'oauth4webapi accepts the document of a resource with the path %s',
    async (path) => {
      const app = express();
      const server = createServer(app);
      const resource = new URL(path, `http://127.0.0.1:${await listen(server)}`);
      app.use(
        protectedResourceMetadata({ resources: describeEach([resource.href, `${resource.origin}/x`]) }),
      );
      try {
        const response = await oauth.resourceDiscoveryRequest(resource, {
          [oauth.allowInsecureRequests]: true,
        });

        expect(await oauth.processResourceDiscoveryResponse(resource, response)).toMatchObject({
          resource: resource.href,
        });
      } finally {
        server.close();
      }
    },
  );

  test('MCP SDK 1 parses the document of every resource', async () => {
    const app = createApp();
    const documents = await Promise.all(
      RESOURCES.map(
        async (resource) => (await request(app).get(targetOf(protectedResourceUrl(resource)))).body,
      ),
    );

    expect(documents.map((each) => mcpResourceMetadata.safeParse(each).error)).toEqual(
      RESOURCES.map(() => undefined),
    );
  });
});

describe('RFC 9728 §5.1, WWW-Authenticate', () => {
  test.each(RESOURCES)('the challenge of %s leads to its document', async (resource) => {
    const options = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
    const app = createApp().use(
      authenticate({ ...options, resourceMetadata: protectedResourceUrl(resource) }),
    );
    const challenge = (await request(app).get('/')).headers['www-authenticate'] ?? '';
    const [, url = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];

    expect((await request(app).get(targetOf(url))).body.resource).toBe(resource);
  });
});

describe('RFC 9728 §2, DPoP', () => {
  const read = async (dpop?: ProtectedResource['dpop']) => {
    const resource = { resource: HOST, authorizationServers: [ISSUER], ...(dpop && { dpop }) };
    return (await request(express().use(protectedResourceMetadata(resource))).get(PATH)).body;
  };

  test('§2: dpop_signing_alg_values_supported lists the algorithms of proofs', async () => {
    const dpop = { mode: 'allow', baseUrl: HOST, algorithms: ['ES256', 'EdDSA'] } as const;

    expect(await read(dpop)).toMatchObject({ dpop_signing_alg_values_supported: ['ES256', 'EdDSA'] });
    expect(await read(dpop)).not.toHaveProperty('dpop_bound_access_tokens_required');
  });

  test('§2: dpop_bound_access_tokens_required is true if every token must be bound', async () => {
    expect(await read({ mode: 'require', baseUrl: HOST })).toMatchObject({
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256', 'RS256']),
    });
  });

  test('§2: both members are OPTIONAL, and absent without DPoP', async () => {
    expect(Object.keys(await read()).filter((name) => name.startsWith('dpop'))).toEqual([]);
  });
});
