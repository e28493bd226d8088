import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import {
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  createSigningKey,
  type TokenRouterOptions,
} from 'passport-jwe';
import request from 'supertest';
import { mcpOpenIdMetadata, mcpServerMetadata } from '../support/client-schemas.js';
import { listen } from '../support/http.js';
import { generateSigner } from '../support/key-pairs.js';
import {
  createMetadataApp,
  createTokenRouter,
  OPENID_PROVIDER,
  SIGN_IN_SERVER,
} from '../support/metadata-app.js';
import { PYTHON } from '../support/python.js';
import { ISSUER } from '../support/tokens.js';

const PATH = '/.well-known/oauth-authorization-server';

const hasAuthlib = spawnSync(PYTHON, ['-c', 'import authlib']).status === 0;
if (!hasAuthlib)
  process.stderr.write('\n*** SKIPPED, for want of authlib (apt-get install python3-authlib)\n');

async function createComplete(): Promise<Partial<TokenRouterOptions>> {
  const stores = createMemoryStores();
  const signing = await createSigningKey({ jwk: generateSigner().privateJwk });
  return { stores, signing, revocations: createRevocations({ stores }) };
}

describe('RFC 8414 §2, authorization server metadata', () => {
  test('contains every required member', async () => {
    const { body } = await request(await createMetadataApp()).get(PATH);

    expect(body).toEqual(
      expect.objectContaining({
        issuer: ISSUER,
        token_endpoint: expect.stringMatching(/^https:/),
        response_types_supported: expect.any(Array),
      }),
    );
  });

  test('contains authorization_endpoint if a grant type uses it', async () => {
    const app = await createMetadataApp(
      {},
      { authorizationServer: SIGN_IN_SERVER, members: { grant_types_supported: ['authorization_code'] } },
    );

    expect((await request(app).get(PATH)).body).toMatchObject({
      authorization_endpoint: SIGN_IN_SERVER.authorization_endpoint,
      grant_types_supported: ['client_credentials', 'authorization_code'],
    });
  });

  test.each(['?tenant=1', '#tenant', '?', '#'])('rejects an issuer that ends with %s', async (suffix) => {
    await expect(createMetadataApp({ issuer: ISSUER + suffix })).rejects.toThrow(
      'must not contain a query or a fragment',
    );
  });
});

describe('RFC 8414 §2.1, signed metadata', () => {
  test('is not copied, because its values would take precedence', async () => {
    const app = await createMetadataApp({}, { authorizationServer: SIGN_IN_SERVER });

    expect((await request(app).get(PATH)).body).not.toHaveProperty('signed_metadata');
  });
});

describe('RFC 8414 §3.1, metadata request', () => {
  test.each([
    ['', PATH],
    ['/', PATH],
    ['/tenant', `${PATH}/tenant`],
    ['/tenant/', `${PATH}/tenant`],
    ['/a/b%20c', `${PATH}/a/b%20c`],
  ])('inserts the well-known path before the path "%s"', async (path, target) => {
    const app = await createMetadataApp({ issuer: ISSUER + path });

    expect((await request(app).get(target)).body.issuer).toBe(ISSUER + path);
    if (target !== PATH) expect((await request(app).get(PATH)).status).toBe(404);
  });
});

describe('RFC 8414 §3.2, metadata response', () => {
  test('is 200 with a JSON object', async () => {
    const { status, type, body } = await request(await createMetadataApp()).get(PATH);

    expect([status, type, typeof body]).toEqual([200, 'application/json', 'object']);
  });

  test('contains no array without elements', async () => {
    for (const router of [{}, await createComplete()]) {
      const { body } = await request(await createMetadataApp(router)).get(PATH);

      expect(Object.entries(body).filter(([, value]) => Array.isArray(value) && value.length === 0)).toEqual(
        [],
      );
    }
  });
});

describe('RFC 8414 §3.3, metadata validation', () => {
  test.each([ISSUER, `${ISSUER}/`, `${ISSUER}/tenant/`])(
    'the issuer is that of the tokens: %s',
    async (issuer) => {
      const app = await createMetadataApp({ issuer }, { authorizationServer: SIGN_IN_SERVER });

      expect((await request(app).get(PATH + new URL(issuer).pathname.replace(/\/$/, ''))).body.issuer).toBe(
        issuer,
      );
    },
  );
});

describe('RFC 8414 §5, compatibility with OpenID Connect Discovery', () => {
  test.each([`/.well-known/openid-configuration/tenant`, `/tenant/.well-known/openid-configuration`])(
    'an OpenID provider has its metadata at %s',
    async (path) => {
      const app = await createMetadataApp(
        { issuer: `${ISSUER}/tenant` },
        { authorizationServer: OPENID_PROVIDER },
      );

      expect((await request(app).get(path)).body.issuer).toBe(`${ISSUER}/tenant`);
    },
  );
});

describe.each([
  ['alone', {}],
  ['with a sign-in server', { authorizationServer: SIGN_IN_SERVER }],
  ['with an OpenID provider', { authorizationServer: OPENID_PROVIDER }],
] as const)('clients parse the metadata of a token router %s:', (name, metadata) => {
  const isDelegated = name !== 'alone';
  const isOpenId = name === 'with an OpenID provider';

  async function fetchDocument() {
    const app = await createMetadataApp(await createComplete(), metadata);
    return (await request(app).get(PATH)).body;
  }

  test('MCP SDK 1 requires an authorization endpoint', async () => {
    const body = await fetchDocument();

    expect(mcpServerMetadata.safeParse(body).success).toBe(isDelegated);
    expect(mcpOpenIdMetadata.safeParse(body).success).toBe(isOpenId);
  });

  (hasAuthlib ? test : test.skip)('authlib', async () => {
    const code = `
import json, sys
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
metadata = json.load(sys.stdin)
AuthorizationServerMetadata(metadata).validate()
${isOpenId ? 'OpenIDProviderMetadata(metadata).validate()' : ''}
print("valid")`;
    const running = promisify(execFile)(PYTHON, ['-c', code]);
    running.child.stdin?.end(JSON.stringify(await fetchDocument()));

    expect((await running).stdout).toBe('valid\n');
  });

  test.each(isOpenId ? (['oauth2', 'oidc'] as const) : (['oauth2'] as const))(
    'oauth4webapi and openid-client, algorithm %s',
    async (algorithm) => {
      const app = express();
      const server = createServer(app);
      const issuer = new URL(`http://127.0.0.1:${await listen(server)}`);
      const router = await createTokenRouter({ issuer: issuer.href.replace(/\/$/, '') });
      app.use(authorizationServerMetadata({ tokenRouter: router, url: `${issuer.href}oauth`, ...metadata }));
      try {
        const options = { [oauth.allowInsecureRequests]: true, algorithm };
        const response = await oauth.discoveryRequest(issuer, options);
        const found = await oauth.processDiscoveryResponse(issuer, response);
        const configuration = await openid.discovery(issuer, 'demo', undefined, undefined, {
          algorithm,
          execute: [openid.allowInsecureRequests],
        });

        expect(found.token_endpoint).toBe(`${issuer.href}oauth/token`);
        expect(configuration.serverMetadata().token_endpoint).toBe(`${issuer.href}oauth/token`);
      } finally {
        server.close();
      }
    },
  );
});
