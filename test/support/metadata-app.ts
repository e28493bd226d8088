import express, { type Express } from 'express';
import {
  type AuthorizationServerMetadataOptions,
  authorizationServerMetadata,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import { loadFiles } from './api-key-files.js';
import { SESSION_KEYS } from './session-app.js';
import { AUDIENCE, createRing, ISSUER } from './tokens.js';

/** Public URL of the token router in `createMetadataApp()`. */
export const ROUTER_URL = 'https://auth.example.com/oauth';

/** A token router with a key ring and the API keys of `SESSION_KEYS`. */
export async function createTokenRouter(options: Partial<TokenRouterOptions> = {}) {
  const apiKeys = await loadFiles(SESSION_KEYS);
  return tokenRouter({
    keyRing: await createRing(),
    issuer: ISSUER,
    audience: AUDIENCE,
    apiKeys,
    ...options,
  });
}

/** An application that serves the metadata of a token router. */
export async function createMetadataApp(
  router: Partial<TokenRouterOptions> = {},
  metadata: Partial<AuthorizationServerMetadataOptions> = {},
): Promise<Express> {
  const tokens = await createTokenRouter(router);
  return express().use(
    authorizationServerMetadata({ tokenRouter: tokens, url: `${ROUTER_URL}/`, ...metadata }),
  );
}

/** Metadata of an authorization server that signs users in. */
export const SIGN_IN_SERVER = {
  issuer: 'https://login.example.com',
  authorization_endpoint: 'https://login.example.com/authorize',
  token_endpoint: 'https://login.example.com/token',
  jwks_uri: 'https://login.example.com/jwks',
  registration_endpoint: 'https://login.example.com/register',
  userinfo_endpoint: 'https://login.example.com/userinfo',
  revocation_endpoint: 'https://login.example.com/revoke',
  introspection_endpoint: 'https://login.example.com/introspect',
  device_authorization_endpoint: 'https://login.example.com/device',
  mtls_endpoint_aliases: { token_endpoint: 'https://mtls.login.example.com/token' },
  signed_metadata: 'eyJhbGciOiJub25lIn0.e30.',
  authorization_response_iss_parameter_supported: true,
  scopes_supported: ['profile', 'offline_access'],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'password'],
  token_endpoint_auth_methods_supported: ['tls_client_auth'],
  code_challenge_methods_supported: ['S256'],
};

/** The same of an OpenID provider (OpenID Connect Discovery 1.0 §3). */
export const OPENID_PROVIDER = {
  ...SIGN_IN_SERVER,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
};
