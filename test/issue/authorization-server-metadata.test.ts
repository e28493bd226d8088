import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  type AuthorizationServerMetadataOptions,
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  createSigningKey,
  type TokenRouterOptions,
} from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { assertionFile, generateClientKey, jwksField } from '../support/client-keys.js';
import { generateSigner } from '../support/key-pairs.js';
import {
  createMetadataApp,
  createTokenRouter,
  OPENID_PROVIDER,
  ROUTER_URL,
  SIGN_IN_SERVER,
} from '../support/metadata-app.js';
import { SESSION_KEYS } from '../support/session-app.js';
import { ISSUER } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const PATH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';
const AUTHENTICATION = ['client_secret_basic', 'client_secret_post'];

async function fetchMetadata(
  router: Partial<TokenRouterOptions> = {},
  metadata: Partial<AuthorizationServerMetadataOptions> = {},
  path = PATH,
) {
  return request(await createMetadataApp(router, metadata)).get(path);
}

describe('the metadata of the authorization server', () => {
  test('name the endpoints that every token router has', async () => {
    expect((await fetchMetadata()).body).toEqual({
      issuer: ISSUER,
      token_endpoint: `${ROUTER_URL}/token`,
      token_endpoint_auth_methods_supported: AUTHENTICATION,
      grant_types_supported: ['client_credentials'],
      response_types_supported: ['none'],
      introspection_endpoint: `${ROUTER_URL}/introspect`,
      introspection_endpoint_auth_methods_supported: AUTHENTICATION,
    });
  });

  test('name revocation and refresh tokens if the router supports them', async () => {
    const stores = createMemoryStores();

    expect((await fetchMetadata({ revocations: createRevocations({ stores }), stores })).body).toMatchObject({
      grant_types_supported: ['client_credentials', 'refresh_token'],
      revocation_endpoint: `${ROUTER_URL}/revoke`,
      revocation_endpoint_auth_methods_supported: [...AUTHENTICATION, 'none'],
      scopes_supported: ['offline_access'],
    });
  });

  test('name signed assertions besides public clients, which cannot introspect', async () => {
    const stores = createMemoryStores();
    const file = assertionFile(
      'signer',
      'permissions: [read]',
      jwksField(generateClientKey('s-1').publicJwk),
    );
    const apiKeys = await loadFiles({ ...SESSION_KEYS, 'signer.yaml': file });
    const { body } = await fetchMetadata({ revocations: createRevocations({ stores }), stores, apiKeys });

    const signed = [...AUTHENTICATION, 'private_key_jwt'];
    expect(body.token_endpoint_auth_methods_supported).toEqual([...signed, 'none']);
    expect(body.revocation_endpoint_auth_methods_supported).toEqual([...signed, 'none']);
    expect(body.introspection_endpoint_auth_methods_supported).toEqual(signed);
    expect(body.revocation_endpoint_auth_signing_alg_values_supported).toContain('ES256');
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
});

describe('the option authorizationServer', () => {
  test('adds only the members about the sign-in', async () => {
    const { body: alone } = await fetchMetadata();
    const { body } = await fetchMetadata({}, { authorizationServer: SIGN_IN_SERVER });

    expect(body).toEqual({
      ...alone,
      authorization_endpoint: 'https://login.example.com/authorize',
      registration_endpoint: 'https://login.example.com/register',
      jwks_uri: 'https://login.example.com/jwks',
      scopes_supported: ['profile', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
    });
  });

  test('leaves the keys and the scopes of the token router in the document', async () => {
    const signing = await createSigningKey({ jwk: generateSigner().privateJwk });
    const router = { signing, stores: createMemoryStores() };
    const { body } = await fetchMetadata(router, { authorizationServer: SIGN_IN_SERVER });

    expect(body).toMatchObject({
      jwks_uri: `${ROUTER_URL}/jwks`,
      scopes_supported: ['offline_access', 'profile'],
    });
  });

  test.each([
    ['', [OPENID]],
    ['/tenant', [`${OPENID}/tenant`, `/tenant${OPENID}`]],
    ['/tenant/', [`${OPENID}/tenant/`, `${OPENID}/tenant`, `/tenant${OPENID}`]],
  ])(
    'serves the document of an OpenID provider as openid-configuration: issuer path "%s"',
    async (path, paths) => {
      const app = await createMetadataApp(
        { issuer: ISSUER + path },
        { authorizationServer: OPENID_PROVIDER },
      );
      const { body } = await request(app).get(PATH + path);

      expect(body.subject_types_supported).toEqual(['public']);
      for (const each of paths) expect((await request(app).get(each)).body).toEqual(body);
    },
  );

  const { jwks_uri: _, ...keyless } = OPENID_PROVIDER;
  const complete = {
    authorization_endpoint: OPENID_PROVIDER.authorization_endpoint,
    jwks_uri: OPENID_PROVIDER.jwks_uri,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  const withoutSubjects = { ...OPENID_PROVIDER, subject_types_supported: [] };
  const withoutAlgorithms = { ...OPENID_PROVIDER, id_token_signing_alg_values_supported: 'RS256' };

  test.each<[string, Partial<AuthorizationServerMetadataOptions>]>([
    ['an OAuth server', { authorizationServer: SIGN_IN_SERVER }],
    ['a provider without keys', { authorizationServer: keyless }],
    ['a provider without subject types', { authorizationServer: withoutSubjects }],
    ['a provider without signature algorithms', { authorizationServer: withoutAlgorithms }],
    ['further members that describe a provider', { members: complete }],
  ])('does not serve openid-configuration for %s', async (_what, options) => {
    expect((await fetchMetadata({}, options, OPENID)).status).toBe(404);
  });

  test('does not change the document when the application changes its object', async () => {
    const authorizationServer = { ...SIGN_IN_SERVER, scopes_supported: ['profile'] };
    const app = await createMetadataApp({}, { authorizationServer });
    authorizationServer.scopes_supported.push('later');

    expect((await request(app).get(PATH)).body.scopes_supported).toEqual(['profile']);
  });
});

describe('the option members', () => {
  test('adds members, and extends arrays without repetitions', async () => {
    const members = {
      service_documentation: 'https://example.com/docs',
      scopes_supported: ['read', 'offline_access'],
      token_endpoint_auth_methods_supported: ['none'],
    };
    const { body } = await fetchMetadata({ stores: createMemoryStores() }, { members });

    expect(body).toMatchObject({
      service_documentation: 'https://example.com/docs',
      scopes_supported: ['offline_access', 'read'],
      token_endpoint_auth_methods_supported: [...AUTHENTICATION, 'none'],
    });
  });

  test('replaces the response types of a server without an authorization endpoint', async () => {
    const members = { authorization_endpoint: `${ISSUER}/authorize`, response_types_supported: ['code'] };

    expect((await fetchMetadata({}, { members })).body).toMatchObject(members);
  });

  test.each([
    [{ issuer: 'https://other.example.com' }],
    [{ token_endpoint: 'https://other.example.com/token' }],
    [{ grant_types_supported: 'authorization_code' }],
  ])('cannot replace members of the token router: %j', async (members) => {
    await expect(createMetadataApp({}, { members })).rejects.toThrow('must not replace');
  });

  test('are served without the slash at the end of the issuer (RFC 8414 §3.1)', async () => {
    const issuer = 'https://example.com/tenant/';

    expect((await fetchMetadata({ issuer }, {}, `${PATH}/tenant`)).body.issuer).toBe(issuer);
    expect((await fetchMetadata({ issuer: `${ISSUER}/` })).body.issuer).toBe(`${ISSUER}/`);
  });

  test.each(['?x=1', '?', '#x', '#'])('cannot have an issuer with %s (RFC 8414 §2)', async (suffix) => {
    await expect(createTokenRouter({ issuer: `${ISSUER}${suffix}` })).rejects.toThrow(
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
    await expect(createMetadataApp({}, { url: '/oauth' })).rejects.toThrow('url must be an absolute URL');
  });

  test('rejects a token router whose issuer is not a URL', async () => {
    const router = await createTokenRouter({ issuer: 'auth' });

    expect(() => authorizationServerMetadata({ tokenRouter: router, url: ROUTER_URL })).toThrow(
      'issuer of tokenRouter() must be an absolute URL',
    );
  });
});
