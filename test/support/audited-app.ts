import express, { type RequestHandler } from 'express';
import {
  authenticate,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  createSessions,
  requireScope,
  sessionRouter,
  tokenRouter,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

/** What the demo key calls as a service. */
export const BILLING = 'https://billing.example.com';
const REPORTS = 'https://reports.example.com';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

const KEYS: KeyFiles = {
  'demo.yaml':
    'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\n' +
    'permissions: [read, manage:sessions]\n' +
    `service_audiences: [${BILLING}]\ndelegation: { subjects: [demo], audiences: [${REPORTS}] }\n`,
  'device.yaml':
    'api_key: sk-device\nkey_id: device\nname: Device\ntype: api_call\nrate_limits: {}\nrefresh_tokens: public\n',
};

type Parameters = Readonly<Record<string, string>>;

export interface AuditedAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Empty where there is none. */
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** An authorization server and a resource server behind one audit trail with one required sink. */
export interface AuditedApp {
  /** What the sink has taken. */
  readonly records: readonly AuditRecord[];
  /** Has the sink refuse records of these types, and take all others. */
  refuse(...types: readonly AuditRecord['type'][]): void;
  flush(): Promise<void>;
  setTime(now: number): void;
  /** What `POST /oauth/token` answers to the demo key, or to a client that shows none. */
  post(parameters: Parameters, apiKey?: string | undefined): Promise<AuditedAnswer>;
  revoke(token: string): Promise<number>;
  /** Ends the sessions of whoever has the token, or one of them. */
  endSessions(token: string, sessionId?: string): Promise<number>;
  /** What a route says that needs this scope. */
  use(token: string, scope: 'read' | 'admin'): Promise<number>;
}

/** @param handlers what every request passes first */
export async function createAuditedApp(...handlers: readonly RequestHandler[]): Promise<AuditedApp> {
  let now = NOW;
  let refused: readonly AuditRecord['type'][] = [];
  const records: AuditRecord[] = [];
  const clock = (): number => now;
  const sink = {
    async write(record: AuditRecord) {
      if (refused.includes(record.type)) throw new Error('disk full');
      records.push(record);
    },
  };
  const audit = createAuditTrail({ required: [sink], clock, onSinkError: () => {} });
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, audit, clock });
  const sessions = createSessions({ stores, revocations, audit, clock });
  const service = {
    keyRing: await createRing(),
    issuer: ISSUER,
    audience: AUDIENCE,
    revocations,
    audit,
    clock,
  };
  const authentication = authenticate(service);
  const app = express();
  for (const handler of handlers) app.use(handler);
  app.use('/oauth', tokenRouter({ ...service, apiKeys: await loadFiles(KEYS), stores }));
  app.use('/sessions', authentication, sessionRouter({ sessions }));
  for (const scope of ['read', 'admin']) {
    app.get(`/${scope}`, authentication, requireScope(scope), (_req, res) => void res.json({}));
  }

  const send = async (path: string, apiKey: string | undefined, parameters: Parameters) => {
    const sent = request(app).post(`/oauth/${path}`).type('form');
    if (apiKey !== undefined) sent.set('X-API-Key', apiKey);
    return sent.send(parameters);
  };

  return {
    records,
    refuse: (...types) => {
      refused = types;
    },
    flush: () => audit.flush(),
    setTime: (time) => {
      now = time;
    },
    async post(parameters, ...apiKey) {
      const { status, body } = await send('token', apiKey.length === 0 ? 'sk-demo' : apiKey[0], parameters);
      const { access_token: accessToken = '', refresh_token: refreshToken = '' } = body;
      return { status, body, accessToken, refreshToken };
    },
    revoke: async (token) => (await send('revoke', 'sk-demo', { token })).status,
    endSessions: async (token, sessionId = '') =>
      (await request(app).delete(`/sessions/${sessionId}`).auth(token, { type: 'bearer' })).status,
    use: async (token, scope) => (await request(app).get(`/${scope}`).auth(token, { type: 'bearer' })).status,
  };
}
