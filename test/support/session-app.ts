import express, { type Express } from 'express';
import {
  authenticate,
  type ClaimsHook,
  createAuditTrail,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createSessions,
  type Revocations,
  type Sessions,
  sessionRouter,
  tokenRouter,
  type UserDirectoriesOptions,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { FamilyStore, Stores } from 'passport-jwe/stores';
import request, { type Response } from 'supertest';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { refreshTokenCodec } from '../../src/sessions/refresh-token-codec.js';
import type { StoredFamily } from '../../src/stores/family-store.js';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import type { OpenStores } from './drivers.js';
import { AUDIENCE, ISSUER, NOW, secretOf } from './tokens.js';

export const OTHER_AUDIENCE = 'https://other.example.com';

/** Four API keys that differ in what they may do with refresh tokens. */
export const SESSION_KEYS: KeyFiles = {
  'demo.yaml':
    'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\npermissions: [read, write]\n',
  'other.yaml': 'api_key: sk-other\nkey_id: other\nname: Other\ntype: api_call\nrate_limits: {}\n',
  'off.yaml':
    'api_key: sk-off\nkey_id: off\nname: Off\ntype: api_call\nrate_limits: {}\nrefresh_tokens: "off"\n',
  'device.yaml':
    'api_key: sk-device\nkey_id: device\nname: Device\ntype: api_call\nrate_limits: {}\nrefresh_tokens: public\n',
};

/** What an endpoint answered. */
export interface SessionAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Empty where there is none. */
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface SessionApp {
  readonly stores: Stores;
  readonly revocations: Revocations;
  readonly sessions: Sessions;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** What the store holds of the family of a refresh token. */
  findFamily(token: string): Promise<StoredFamily | undefined>;
  /** Another authorization server on the same stores, with other API keys or another family store. */
  rebuild(changes: Changes): Promise<SessionApp>;
  /** Asks for a refresh token. */
  begin(apiKey?: string, parameters?: Parameters): Promise<SessionAnswer>;
  refresh(token: string, parameters?: Parameters, apiKey?: string | undefined): Promise<SessionAnswer>;
  /** Without an API key, the client names itself in the parameters only. */
  revoke(token: string, apiKey?: string | undefined, parameters?: Parameters): Promise<SessionAnswer>;
  introspect(token: string, apiKey?: string): Promise<SessionAnswer>;
  /** What a guarded route says. */
  use(token: string): Promise<number>;
  /** What the session router says, which knows the scope `manage:all-sessions` of a key. */
  manage(token: string, method: 'get' | 'delete' | 'post' | 'head', path?: string): Promise<SessionAnswer>;
}

type Parameters = Readonly<Record<string, string>>;

/** What another server has in place of what the first one has. */
interface Changes {
  readonly files?: KeyFiles;
  readonly families?: FamilyStore;
  readonly claims?: ClaimsHook;
  readonly users?: UserDirectoriesOptions;
}

/** One clock and one set of memory stores, which servers may share. */
interface Shared {
  now: number;
  readonly stores: Stores;
}

/** @param open opens the stores. Default: those in memory. */
export async function createSessionApp(
  files: KeyFiles = SESSION_KEYS,
  open: OpenStores = async (clock) => createMemoryStores({ clock }),
  users: UserDirectoriesOptions = {},
): Promise<SessionApp> {
  const time = { now: NOW };
  const shared: Shared = Object.assign(time, { stores: await open(() => time.now) });
  return build(shared, { files, families: shared.stores.families, users });
}

async function build(
  shared: Shared,
  { files, families, claims, users }: Required<Omit<Changes, 'claims'>> & Pick<Changes, 'claims'>,
): Promise<SessionApp> {
  const { stores } = shared;
  const records: AuditRecord[] = [];
  const clock = (): number => shared.now;
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const revocations = createRevocations({ stores, clock });
  const keyRing = await createKeyRing({ current: { secret: secretOf(1) } });
  const service = { keyRing, issuer: ISSUER, revocations, clock };
  const app: Express = express();
  const apiKeys = await loadFiles(files);
  app.use(
    '/oauth',
    tokenRouter({
      ...service,
      audience: AUDIENCE,
      apiKeys,
      stores: { families },
      audit,
      ...(claims && { claims }),
      ...users,
    }),
  );
  const authentication = authenticate({ ...service, audience: [AUDIENCE, OTHER_AUDIENCE] });
  app.get('/', authentication, (_req, res) => void res.json({}));
  const sessions = createSessions({ stores: { families }, revocations, audit, clock });
  app.use('/sessions', authentication, sessionRouter({ sessions, keyScope: 'manage:all-sessions' }));

  const post = async (path: string, apiKey: string | undefined, parameters: Parameters) => {
    const sent = request(app).post(`/oauth/${path}`).type('form');
    if (apiKey !== undefined) sent.set('X-API-Key', apiKey);
    return readAnswer(await sent.send(parameters));
  };

  return {
    stores,
    revocations,
    sessions,
    records,
    setTime: (now) => {
      shared.now = now;
    },
    findFamily: async (token) =>
      stores.families.find(
        (await refreshTokenCodec(internalsOf(keyRing), ISSUER).open(token, clock())).family,
      ),
    rebuild: (changes) => build(shared, { files, families, users, ...changes }),
    begin: (apiKey = 'sk-demo', parameters = {}) =>
      post('token', apiKey, { grant_type: 'client_credentials', scope: 'offline_access', ...parameters }),
    refresh: (token, parameters = {}, ...apiKey) =>
      post('token', apiKey.length === 0 ? 'sk-demo' : apiKey[0], {
        grant_type: 'refresh_token',
        refresh_token: token,
        ...parameters,
      }),
    revoke: (token, ...[apiKey, parameters]) =>
      post('revoke', parameters === undefined ? (apiKey ?? 'sk-demo') : apiKey, { token, ...parameters }),
    introspect: (token, apiKey = 'sk-demo') => post('introspect', apiKey, { token }),
    use: async (token) => (await request(app).get('/').auth(token, { type: 'bearer' })).status,
    manage: async (token, method, path = '') =>
      readAnswer(await request(app)[method](`/sessions${path}`).auth(token, { type: 'bearer' })),
  };
}

function readAnswer({ status, headers, body }: Response): SessionAnswer {
  const accessToken = String(body.access_token ?? '');
  return { status, headers, body, accessToken, refreshToken: String(body.refresh_token ?? '') };
}
