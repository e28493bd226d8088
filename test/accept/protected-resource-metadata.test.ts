import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  type ProtectedResourceMetadataOptions,
  protectedResourceMetadata,
  protectedResourceUrl,
} from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, ISSUER } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const PATH = '/.well-known/oauth-protected-resource';
const OPTIONS = { resource: AUDIENCE, authorizationServers: [ISSUER], scopes: ['read'] };

function createApp(options: Partial<ProtectedResourceMetadataOptions> = {}) {
  return express().use(protectedResourceMetadata({ ...OPTIONS, ...options }));
}

describe('the metadata of the protected resource', () => {
  test('name the resource, its authorization servers and its scopes', async () => {
    expect((await request(createApp()).get(PATH)).body).toEqual({
      resource: AUDIENCE,
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read'],
    });
  });

  test('name no scopes by default', async () => {
    const { scopes, ...options } = OPTIONS;
    const app = express().use(protectedResourceMetadata(options));

    expect((await request(app).get(PATH)).body).not.toHaveProperty('scopes_supported');
  });

  test('are served at protectedResourceUrl(), before the path of the resource (RFC 9728 §3.1)', async () => {
    const resource = 'https://example.com/api';

    expect((await request(createApp({ resource })).get(`${PATH}/api`)).body.resource).toBe(resource);
    expect(protectedResourceUrl(resource)).toBe(`https://example.com${PATH}/api`);
  });

  test.each([
    ['https://example.com/api?tenant=a', `${PATH}/api?tenant=a`],
    ['https://example.com/?tenant=a', `${PATH}?tenant=a`],
    ['https://example.com?tenant=a', `${PATH}?tenant=a`],
  ])('are served with the query of the resource %s (RFC 9728 §3.1)', async (resource, path) => {
    const app = createApp({ resource });

    expect(protectedResourceUrl(resource)).toBe(`https://example.com${path}`);
    expect((await request(app).get(path)).body.resource).toBe(resource);
    expect((await request(app).get(path.replace('tenant=a', 'tenant=b'))).status).toBe(404);
    expect((await request(app).get(path.replace('?tenant=a', ''))).status).toBe(404);
  });

  test('are served for any query if the resource has none', async () => {
    expect((await request(createApp()).get(`${PATH}?x=1`)).status).toBe(200);
  });

  test('answer HEAD, and leave other methods and paths to the application', async () => {
    const app = createApp().use((_req, res) => void res.status(418).end());

    expect((await request(app).head(PATH)).status).toBe(200);
    expect((await request(app).post(PATH)).status).toBe(418);
    expect((await request(app).get(`${PATH}/other`)).status).toBe(418);
  });
});

describe('protectedResourceMetadata', () => {
  test.each([
    ['resource', { resource: 'api' }],
    ['resource', { resource: `${AUDIENCE}#x` }],
    ['authorizationServers', { authorizationServers: [`${ISSUER}?x`] }],
    ['authorizationServers', { authorizationServers: [`${ISSUER}#x`] }],
    ['authorizationServers', { authorizationServers: undefined }],
    ['authorizationServers', { authorizationServers: [] }],
    ['authorizationServers', { authorizationServers: ISSUER }],
    ['authorizationServers', { authorizationServers: ['auth'] }],
    ['scopes', { scopes: 'read' }],
    ['scope', { scope: ['read'] }],
  ])('rejects a malformed or unknown %s and names it: %#', (name, options) => {
    expect(() => protectedResourceMetadata(untyped({ ...OPTIONS, ...options }))).toThrow(name);
  });
});
