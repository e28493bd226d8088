import { createServer, request } from 'node:https';
import express from 'express';
import {
  createMemoryStores,
  createRevocations,
  createTokenIssuer,
  type TokenIssuer,
  tokenRouter,
} from 'passport-jwe';
import { loadFiles } from './api-key-files.js';
import type { Certificate } from './certificates.js';
import { AUDIENCE, createRing, ISSUER } from './tokens.js';

export const OTHER_AUDIENCE = 'https://other.example.com';

const CLIENT_SECRET = 'q7mK9xV1bR4tY8uN3sD6fG0hJ5lPcXzA';

const CLIENT = `
key_id: demo
name: Demo
api_key: ${CLIENT_SECRET}
type: api_call
rate_limits: {}
users: true
permissions: [read:documents, write:documents, read:documents-all]
audiences: ['${AUDIENCE}', '${OTHER_AUDIENCE}']
`;

type Parameters = Readonly<Record<string, string>>;

/** A token router over HTTPS, whose introspection can fail. */
export interface IntrospectionService {
  readonly origin: string;
  /** Issues tokens without HTTP, by a clock of the test if any. */
  createIssuer(clock?: () => number): TokenIssuer;
  /** Obtain a token for the user `alice` and two scope tokens. */
  obtain(parameters?: Parameters, headers?: Parameters): Promise<string>;
  revoke(token: string): Promise<void>;
  setUnavailable(isUnavailable: boolean): void;
  /** Number of introspections since the last call. */
  takeCount(): number;
  close(): void;
}

/**
 * Start a token router with two API keys.
 *
 * @param keyFile API key of the resource server, with `${INTROSPECTION_SECRET}`
 */
export async function startIntrospectionService(
  { key, cert }: Certificate,
  keyFile: string,
  secret: string,
): Promise<IntrospectionService> {
  let count = 0;
  let isUnavailable = false;
  const keyRing = await createRing();
  const server = createServer({ key, cert });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const stores = createMemoryStores();
  const router = tokenRouter({
    ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, stores },
    apiKeys: await loadFiles(
      { 'server.yaml': keyFile, 'demo.yaml': CLIENT },
      { INTROSPECTION_SECRET: secret },
    ),
    revocations: createRevocations({ stores }),
    dpop: { mode: 'allow', baseUrl: origin },
  });
  const app = express().set('env', 'test');
  app.use('/oauth/introspect', (_req, res, next) => {
    count += 1;
    if (isUnavailable) res.status(503).set('Retry-After', '1').json({ error: 'temporarily_unavailable' });
    else next();
  });
  server.on('request', app.use('/oauth', router));

  const post = (endpoint: string, parameters: Parameters, headers: Parameters = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const type = 'application/x-www-form-urlencoded';
      const options = {
        ...{ method: 'POST', ca: cert },
        headers: { 'X-API-Key': CLIENT_SECRET, 'Content-Type': type, ...headers },
      };
      const sent = request(`${origin}/oauth/${endpoint}`, options, (res) => {
        let body = '';
        res.on('data', (chunk) => {
          body += chunk;
        });
        res.on('end', () => resolve(body));
      });
      sent.on('error', reject).end(new URLSearchParams(parameters).toString());
    });

  return {
    origin,
    createIssuer: (clock) =>
      createTokenIssuer({
        ...{ keyRing, issuer: ISSUER, audience: AUDIENCE },
        ...(clock === undefined ? {} : { clock }),
      }),
    async obtain(parameters = {}, headers = {}) {
      const defaults = { user: 'alice', audience: AUDIENCE, scope: 'read:documents write:documents' };
      const all = { grant_type: 'client_credentials', ...defaults, ...parameters };
      return JSON.parse(await post('token', all, headers)).access_token;
    },
    revoke: async (token) => void (await post('revoke', { token })),
    setUnavailable: (next) => {
      isUnavailable = next;
    },
    takeCount() {
      const taken = count;
      count = 0;
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
