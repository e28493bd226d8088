import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { SESSION_KEYS } from '../support/session-app.js';
import { AUDIENCE, createRing, ISSUER } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

async function createRouter(options: Partial<TokenRouterOptions> = {}) {
  const apiKeys = await loadFiles(SESSION_KEYS);
  return tokenRouter({
    keyRing: await createRing(),
    issuer: ISSUER,
    audience: AUDIENCE,
    apiKeys,
    ...options,
  });
}

async function fetchMetadata(options: Partial<TokenRouterOptions> = {}, path = PATH) {
  const metadata = authorizationServerMetadata({
    tokenRouter: await createRouter(options),
    url: 'https://auth.example.com/oauth/',
  });
  return request(express().use(metadata)).get(path);
}

const PATH = '/.well-known/oauth-authorization-server';
const AUTHENTICATION = ['client_secret_basic', 'client_secret_post'];

describe('the metadata of the authorization server', () => {
  test('name the endpoints that every token router has', async () => {
    expect((await fetchMetadata()).body).toEqual({
      issuer: ISSUER,
      token_endpoint: 'https://auth.example.com/oauth/token',
      token_endpoint_auth_methods_supported: AUTHENTICATION,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      introspection_endpoint: 'https://auth.example.com/oauth/introspect',
      introspection_endpoint_auth_methods_supported: AUTHENTICATION,
    });
  });

  test('name revocation and refresh tokens if the router supports them', async () => {
    const stores = createMemoryStores();

    expect((await fetchMetadata({ revocations: createRevocations({ stores }), stores })).body).toMatchObject({
      grant_types_supported: ['client_credentials', 'refresh_token'],
      revocation_endpoint: 'https://auth.example.com/oauth/revoke',
      revocation_endpoint_auth_methods_supported: [...AUTHENTICATION, 'none'],
      scopes_supported: ['offline_access'],
    });
  });

  test('name public clients only if an API key has them and the router has stores (RFC 8414 §2)', async () => {
    const { 'device.yaml': device, ...others } = SESSION_KEYS;
    const stores = createMemoryStores();
    const revocations = createRevocations({ stores });
    const read = async (options: Partial<TokenRouterOptions>) => (await fetchMetadata(options)).body;

    const open = await read({ revocations, stores });
    expect(open.token_endpoint_auth_methods_supported).toEqual([...AUTHENTICATION, 'none']);
    expect(open.revocation_endpoint_auth_methods_supported).toEqual([...AUTHENTICATION, 'none']);
    expect(open.introspection_endpoint_auth_methods_supported).toEqual(AUTHENTICATION);

    const closed = await read({ revocations, stores, apiKeys: await loadFiles(others) });
    expect(closed.token_endpoint_auth_methods_supported).toEqual(AUTHENTICATION);
    expect((await read({ revocations })).revocation_endpoint_auth_methods_supported).toEqual(AUTHENTICATION);
    expect(device).toContain('refresh_tokens: public');
  });

  test('precede the path of the issuer (RFC 8414 §3.1)', async () => {
    const issuer = 'https://example.com/tenant';

    expect((await fetchMetadata({ issuer }, `${PATH}/tenant`)).body.issuer).toBe(issuer);
    expect((await fetchMetadata({ issuer })).status).toBe(404);
  });

  test('are served without the slash at the end of the issuer (RFC 8414 §3.1)', async () => {
    const issuer = 'https://example.com/tenant/';

    expect((await fetchMetadata({ issuer }, `${PATH}/tenant`)).body.issuer).toBe(issuer);
    expect((await fetchMetadata({ issuer: `${ISSUER}/` })).body.issuer).toBe(`${ISSUER}/`);
  });

  test.each(['?x=1', '?', '#x', '#'])('cannot have an issuer with %s (RFC 8414 §2)', async (suffix) => {
    await expect(createRouter({ issuer: `${ISSUER}${suffix}` })).rejects.toThrow(
      'tokenRouter: issuer must not contain a query or a fragment',
    );
  });
});

describe('authorizationServerMetadata', () => {
  test.each([
    [{ tokenRouter: express.Router(), url: 'https://auth.example.com' }],
    [{ tokenRouter: undefined, url: 'https://auth.example.com' }],
  ])('rejects a router that tokenRouter() did not create: %#', (options) => {
    expect(() => authorizationServerMetadata(untyped(options))).toThrow(TypeError);
  });

  test('rejects a URL that is not absolute, and names it', async () => {
    const router = await createRouter();

    expect(() => authorizationServerMetadata({ tokenRouter: router, url: '/oauth' })).toThrow(
      'url must be an absolute URL',
    );
  });

  test('rejects a token router whose issuer is not a URL', async () => {
    const router = await createRouter({ issuer: 'auth' });

    expect(() =>
      authorizationServerMetadata({ tokenRouter: router, url: 'https://auth.example.com' }),
    ).toThrow('issuer of tokenRouter() must be an absolute URL');
  });
});
