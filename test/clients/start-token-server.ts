import { createServer } from 'node:http';
import express from 'express';
import {
  authenticate,
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  tokenRouter,
} from 'passport-jwe';
import type { DpopOptions } from '../../src/verify/dpop/dpop-options.js';
import { loadFiles } from '../support/api-key-files.js';
import { listen } from '../support/http.js';
import { generateEc } from '../support/key-pairs.js';
import { AUDIENCE, createRing } from '../support/tokens.js';
import type { ClientSettings } from './oauth-client.js';

/** Base64 with the characters that change if a client does not form-encode them (RFC 6749 §2.3.1). */
const SECRET = 'q+7/Zw2mK9xV+1bR/4tY8uN3sD6fG0hJ5lP+cX==';

const KEY = 'key_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n';

/** An authorization server with a guarded route, on a socket of loopback. */
export interface TokenServer {
  readonly settings: ClientSettings;
  /** @returns the status of the guarded route. */
  use(accessToken: string): Promise<number>;
  close(): void;
}

/** Start a server whose client authenticates with a secret. */
export function startTokenServer(): Promise<TokenServer> {
  const credentials = { clientSecret: SECRET, privateJwk: {} };
  return start(credentials, () => `${KEY}api_key: "${SECRET}"\n`);
}

/** Start a server whose client has a key pair and no secret (`private_key_jwt`). */
export function startKeyPairServer(): Promise<TokenServer> {
  const { privateJwk, publicJwk } = generateEc('P-256', { kid: 'client-1', alg: 'ES256' });
  const jwks = JSON.stringify({ keys: [publicJwk] });
  const credentials = { clientSecret: '', privateJwk };
  return start(credentials, (audience) => `${KEY}jwks: ${jwks}\nassertion_audience: ${audience}\n`);
}

/** Start a server that requires DPoP, and nonces on demand, at the token endpoint and at the guarded route. */
export function startTokenServerWithDpop(dpop: { readonly nonce: boolean }): Promise<TokenServer> {
  const credentials = { clientSecret: SECRET, privateJwk: {} };
  return start(credentials, () => `${KEY}api_key: "${SECRET}"\n`, dpop);
}

async function start(
  credentials: Pick<ClientSettings, 'clientSecret' | 'privateJwk'>,
  keyFile: (tokenEndpoint: string) => string,
  dpop?: { readonly nonce: boolean },
): Promise<TokenServer> {
  const server = createServer();
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  const token = `${issuer}/oauth/token`;
  server.on('request', await createApp(issuer, keyFile(token), dpop));
  return {
    settings: {
      issuer,
      metadata: `${issuer}/.well-known/oauth-authorization-server`,
      token,
      revocation: `${issuer}/oauth/revoke`,
      introspection: `${issuer}/oauth/introspect`,
      clientId: 'demo',
      ...credentials,
    },
    use: async (accessToken) =>
      (await fetch(`${issuer}/guarded`, { headers: { Authorization: `Bearer ${accessToken}` } })).status,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function createApp(issuer: string, keyFile: string, demands?: { readonly nonce: boolean }) {
  // Token endpoint and API have different nonces, so that clients receive both.
  const require = (nonce: NonNullable<DpopOptions['nonce']>) =>
    demands && { dpop: { mode: 'require', baseUrl: issuer, nonce: demands.nonce && nonce } as const };
  const stores = createMemoryStores();
  const revocations = createRevocations({ stores });
  const service = { keyRing: await createRing(), issuer, audience: AUDIENCE, revocations };
  const tokens = tokenRouter({
    ...service,
    apiKeys: await loadFiles({ 'demo.yaml': keyFile }),
    stores,
    ...require(true),
  });
  const app = express();
  app.use('/oauth', tokens);
  app.use(authorizationServerMetadata({ tokenRouter: tokens, url: `${issuer}/oauth` }));
  app.all(
    '/guarded',
    authenticate({ ...service, ...require({ secret: SECRET }) }),
    (_req, res) => void res.json({}),
  );
  return app;
}
