import express from 'express';
import {
  authenticate,
  type ClaimsHook,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type Revocations,
  type TokenIssuer,
  type TokenVerifier,
  tokenRouter,
  type VerifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { createIssuerAndVerifier } from './issuer-and-verifier.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

export const REPORTS = 'https://reports.example.com';
export const ARCHIVE = 'https://archive.example.com';

const KEY = 'rate_limits: {}\nusers: true\npermissions: [read, write, admin]\n';

/** A client whose users are acted for, one that acts for them, one that acts for it in turn, and a stranger. */
export const DELEGATION_KEYS: KeyFiles = {
  'app.yaml': `api_key: sk-app\nkey_id: app\nname: App\ntype: tiered_model_exec\n${KEY}models: [{ name: echo-1, endpoint: "echo:" }]\n`,
  'gateway.yaml':
    'api_key: sk-gateway\nkey_id: gateway\nname: Gateway\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n' +
    `delegation: { subjects: [app], audiences: [${REPORTS}] }\n`,
  'desk.yaml':
    `api_key: sk-desk\nkey_id: desk\nname: Desk\ntype: api_call\n${KEY}` +
    `delegation: { subjects: [app], actors: [agents], audiences: [${REPORTS}, ${ARCHIVE}] }\n`,
  'agents.yaml': `api_key: sk-agents\nkey_id: agents\nname: Agents\ntype: api_call\n${KEY}`,
  'worker.yaml':
    `api_key: sk-worker\nkey_id: worker\nname: Worker\ntype: api_call\n${KEY}` +
    `delegation: { subjects: [gateway, worker], audiences: [${ARCHIVE}] }\n`,
  'stranger.yaml': `api_key: sk-stranger\nkey_id: stranger\nname: Stranger\ntype: api_call\n${KEY}`,
};

type Parameters = Readonly<Record<string, string>>;

export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Empty where there is none. */
  readonly token: string;
}

/** One authorization server with revocations, and a resource server for each audience. */
export interface DelegationApp {
  readonly tokens: TokenIssuer & TokenVerifier;
  readonly revocations: Revocations;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** A token of a client, or of a user of it. */
  obtain(clientId: string, parameters?: Parameters): Promise<string>;
  /** What the token endpoint says to a token exchange. */
  exchange(clientId: string, subjectToken: string, parameters?: Parameters): Promise<ExchangeAnswer>;
  /** What a resource server says of the token. */
  use(token: string): Promise<number>;
  verify(token: string): Promise<VerifiedToken>;
}

const AUDIENCES = [AUDIENCE, REPORTS, ARCHIVE];
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** @param claims adds claims to the tokens that the token endpoint issues. */
export async function createDelegationApp(
  files: KeyFiles = DELEGATION_KEYS,
  claims: ClaimsHook = () => ({}),
): Promise<DelegationApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
  const service = { keyRing: await createRing(), issuer: ISSUER, revocations, clock };
  const tokens = createIssuerAndVerifier({ ...service, audience: AUDIENCES });
  const app = express();
  const apiKeys = await loadFiles(files);
  app.use('/oauth', tokenRouter({ ...service, audience: AUDIENCE, apiKeys, claims, audit }));
  app.get('/', authenticate({ ...service, audience: AUDIENCES }), (_req, res) => void res.json({}));

  const post = async (clientId: string, parameters: Parameters): Promise<ExchangeAnswer> => {
    const sent = request(app).post('/oauth/token').auth(clientId, `sk-${clientId}`).type('form');
    const { status, body } = await sent.send(parameters);
    return { status, body, token: String(body.access_token ?? '') };
  };

  return {
    tokens,
    revocations,
    records,
    setTime: (time) => {
      now = time;
    },
    obtain: async (clientId, parameters = {}) =>
      (await post(clientId, { grant_type: 'client_credentials', ...parameters })).token,
    exchange: (clientId, subjectToken, parameters = {}) =>
      post(clientId, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: ACCESS_TOKEN_TYPE,
        ...parameters,
      }),
    use: async (token) => (await request(app).get('/').auth(token, { type: 'bearer' })).status,
    verify: (token) => tokens.verify(token),
  };
}
