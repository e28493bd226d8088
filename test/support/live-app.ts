import express from 'express';
import {
  authenticate,
  type ClaimsHook,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type Revocations,
  tokenRouter,
  type WatchedApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import type { KeyFiles } from './api-key-files.js';
import { createKeyDirectory, type KeyDirectory } from './key-directory.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

export const REPORTS = 'https://reports.example.com';

/** How a resource server learns of keys that went out of force: from the files, from the revocations, or not at all. */
export type Route = 'files' | 'stream' | 'nothing';

type Parameters = Readonly<Record<string, string>>;

export interface LiveAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Empty where there is none. */
  readonly token: string;
  readonly refreshToken: string;
}

/** An authorization server that follows its API keys, and resource servers that know of them in different ways. */
export interface LiveApp {
  readonly directory: KeyDirectory;
  readonly apiKeys: WatchedApiKeys;
  readonly revocations: Revocations;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** What the token endpoint answers to a client that authenticates by this key, or by none. */
  exchange(secret: string | undefined, parameters?: Parameters): Promise<LiveAnswer>;
  introspect(secret: string, token: string): Promise<LiveAnswer>;
  revoke(secret: string, token: string): Promise<LiveAnswer>;
  /** What a route says to a token. */
  use(route: Route, token: string): Promise<number>;
  dispose(): Promise<void>;
}

export async function createLiveApp(files: KeyFiles, claims?: ClaimsHook): Promise<LiveApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, clock, audit });
  const directory = await createKeyDirectory(files);
  const apiKeys = await watchApiKeys({
    directory: directory.path,
    environment: {},
    revocations,
    audit,
    clock,
    debounceMs: 60_000,
    sighup: false,
  });
  const service = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, audit, clock };
  const hook = claims === undefined ? {} : { claims };
  const app = express();
  app.use('/oauth', tokenRouter({ ...service, apiKeys, revocations, stores, ...hook }));
  const routes: Readonly<Record<Route, object>> = {
    files: { apiKeys },
    stream: { revocations },
    nothing: {},
  };
  for (const [route, knowledge] of Object.entries(routes)) {
    const audience = [AUDIENCE, REPORTS];
    app.get(`/${route}`, authenticate({ ...service, audience, ...knowledge }), (_req, res) => {
      res.json({});
    });
  }

  const post = async (path: string, secret: string | undefined, parameters: Parameters) => {
    const sent = request(app).post(`/oauth/${path}`).type('form');
    if (secret !== undefined) sent.set('X-API-Key', secret);
    const { status, body } = await sent.send(parameters);
    const [token, refreshToken] = [body.access_token, body.refresh_token].map((text) => String(text ?? ''));
    return { status, body, token: token ?? '', refreshToken: refreshToken ?? '' };
  };

  return {
    directory,
    apiKeys,
    revocations,
    records,
    setTime: (time) => {
      now = time;
    },
    exchange: (secret, parameters = {}) =>
      post('token', secret, { grant_type: 'client_credentials', ...parameters }),
    introspect: (secret, token) => post('introspect', secret, { token }),
    revoke: (secret, token) => post('revoke', secret, { token }),
    use: async (route, token) => (await request(app).get(`/${route}`).auth(token, { type: 'bearer' })).status,
    async dispose() {
      apiKeys.close();
      await directory.dispose();
    },
  };
}
