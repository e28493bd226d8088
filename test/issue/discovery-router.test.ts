import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  createMemoryStores,
  createRevocations,
  discoveryRouter,
  protectedResourceUrl,
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

async function discover(options: Partial<TokenRouterOptions>, path: string, resource = AUDIENCE) {
  const router = discoveryRouter({
    tokenRouter: await createRouter(options),
    url: 'https://auth.example.com/oauth/',
    protectedResource: { resource, scopes: ['read'] },
  });
  return request(express().use(router)).get(path);
}

const AUTHENTICATION = ['client_secret_basic', 'client_secret_post'];

describe('the metadata of the authorization server', () => {
  const PATH = '/.well-known/oauth-authorization-server';

  test('name what there always is', async () => {
    expect((await discover({}, PATH)).body).toEqual({
      issuer: ISSUER,
      token_endpoint: 'https://auth.example.com/oauth/token',
      token_endpoint_auth_methods_supported: AUTHENTICATION,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      introspection_endpoint: 'https://auth.example.com/oauth/introspect',
      introspection_endpoint_auth_methods_supported: AUTHENTICATION,
    });
  });

  test('name revocation and refresh tokens where they are switched on', async () => {
    const stores = createMemoryStores();

    expect((await discover({ revocations: createRevocations({ stores }), stores }, PATH)).body).toMatchObject(
      {
        grant_types_supported: ['client_credentials', 'refresh_token'],
        revocation_endpoint: 'https://auth.example.com/oauth/revoke',
        revocation_endpoint_auth_methods_supported: AUTHENTICATION,
        scopes_supported: ['offline_access'],
      },
    );
  });

  test('are found before the path of an issuer that has one (RFC 8414 section 3.1)', async () => {
    const issuer = 'https://example.com/tenant';

    expect((await discover({ issuer }, `${PATH}/tenant`)).body.issuer).toBe(issuer);
    expect((await discover({ issuer }, PATH)).status).toBe(404);
  });
});

describe('the metadata of the protected resource', () => {
  const PATH = '/.well-known/oauth-protected-resource';

  test('name the authorization server and the scopes', async () => {
    expect((await discover({}, PATH)).body).toEqual({
      resource: AUDIENCE,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read'],
    });
  });

  test('are found before the path of the resource (RFC 9728 section 3.1)', async () => {
    const resource = 'https://example.com/api';

    expect((await discover({}, `${PATH}/api`, resource)).body.resource).toBe(resource);
    expect(protectedResourceUrl(resource)).toBe(`https://example.com${PATH}/api`);
  });
});

describe('discoveryRouter', () => {
  test.each([
    [{ tokenRouter: express.Router(), url: 'https://auth.example.com' }],
    [{ tokenRouter: undefined, url: 'https://auth.example.com' }],
  ])('refuses a router that is no token router: %#', (options) => {
    expect(() => discoveryRouter(untyped(options))).toThrow(TypeError);
  });

  test('refuses what is no URL', async () => {
    const router = await createRouter();

    expect(() => discoveryRouter({ tokenRouter: router, url: '/oauth' })).toThrow(TypeError);
    expect(() => protectedResourceUrl('api')).toThrow(TypeError);
  });
});
