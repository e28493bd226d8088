import { createServer } from 'node:http';
import express, { type RequestHandler } from 'express';
import { authenticate, createKeyRing, createRevocations, tokenRouter } from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import { loadFiles } from './api-key-files.js';
import { AUDIENCE, ISSUER, secretOf } from './tokens.js';

const API_KEY = 'k-instances';
const FILES = {
  'demo.yaml': `{ key_id: demo, api_key: ${API_KEY}, name: Demo, type: api_call, rate_limits: {}, token_ttl: 3600 }`,
};

/** What an instance answered, and how long that took. */
export interface TimedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly durationMs: number;
}

/** One server of several that share stores: a token endpoint, revocation, and one guarded route. */
export interface Instance {
  readonly stores: Stores;
  /** A new token, from the token endpoint. */
  issue(): Promise<string>;
  /** A new refresh token. */
  begin(): Promise<string>;
  /** What the token endpoint says to a refresh token. */
  refresh(token: string): Promise<TimedAnswer>;
  /** What the guarded route says to a token. */
  use(token: string): Promise<TimedAnswer>;
  /** What the revocation endpoint says. */
  revoke(token: string): Promise<TimedAnswer>;
  close(): Promise<void>;
}

/** Listens on a free port of loopback; on the system's clock, as Redis is. */
export async function startInstance(stores: Stores): Promise<Instance> {
  const keyRing = await createKeyRing({ current: { secret: secretOf(1) } });
  const revocations = createRevocations({ stores });
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations };
  const app = express();
  app.use('/oauth', tokenRouter({ ...service, apiKeys: await loadFiles(FILES), stores }));
  const answer: RequestHandler = (_req, res) => void res.json({});
  app.get('/guarded', authenticate(service), answer);

  const server = createServer(app);
  const origin = await new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    });
  });

  const post = (path: string, parameters: Record<string, string>) =>
    fetch(origin + path, {
      method: 'POST',
      headers: { 'X-API-Key': API_KEY },
      body: new URLSearchParams(parameters),
    });

  return {
    stores,
    async issue() {
      const issued = await post('/oauth/token', { grant_type: 'client_credentials' });
      return JSON.parse(await issued.text()).access_token;
    },
    async begin() {
      const begun = await post('/oauth/token', { grant_type: 'client_credentials', scope: 'offline_access' });
      return JSON.parse(await begun.text()).refresh_token;
    },
    refresh: (token) =>
      timed(() => post('/oauth/token', { grant_type: 'refresh_token', refresh_token: token })),
    use: (token) =>
      timed(() => fetch(`${origin}/guarded`, { headers: { Authorization: `Bearer ${token}` } })),
    revoke: (token) => timed(() => post('/oauth/revoke', { token })),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await stores.close();
    },
  };
}

async function timed(send: () => Promise<Response>): Promise<TimedAnswer> {
  const startedAt = performance.now();
  const answer = await send();
  const body = await answer.text();
  const { status, headers } = answer;
  return { status, headers, body, durationMs: performance.now() - startedAt };
}
