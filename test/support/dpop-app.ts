import express, { type Express } from 'express';
import {
  authenticate,
  authorizationServerMetadata,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type TokenRouterOptions,
  tokenRouter,
  type VerifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { Stores } from 'passport-jwe/stores';
import request, { type Response } from 'supertest';
import { prepareVerifier } from '../../src/verify/token-verifier.js';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { createProof, type ProofOptions, type ProofSigner } from './dpop-proofs.js';
import type { OpenStores } from './drivers.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

export const REPORTS = 'https://reports.example.com';
export const INTERNAL = 'https://internal.example.com';

/** URL of the token endpoint, as clients see it. */
export const TOKEN_URL = `${ISSUER}/oauth/token`;

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read, write]\nusers: true\n';

const file = (keyId: string, ...lines: readonly string[]): KeyFiles => ({
  [`${keyId}.yaml`]: `api_key: sk-${keyId}\nkey_id: ${keyId}\nname: ${keyId}\n${KEY}${lines.join('\n')}\n`,
});

/** Clients of the authorization server. The secret of each client is `sk-`, followed by its ID. */
export const DPOP_KEYS: KeyFiles = {
  ...file('demo', `service_audiences: [${INTERNAL}]`),
  ...file('app', 'refresh_tokens: public'),
  ...file('strict', 'dpop: required'),
  ...file(
    'gateway',
    `introspects: [${AUDIENCE}]`,
    `delegation: { subjects: [demo], audiences: [${REPORTS}] }`,
  ),
  ...file('plain', `delegation: { subjects: [demo], audiences: [${REPORTS}] }`),
  ...file(
    'desk',
    `introspects: [${AUDIENCE}]`,
    `delegation: { subjects: [demo], actors: [desk, plain], audiences: [${REPORTS}] }`,
  ),
};

/** How a request is sent. */
export interface Sending {
  /** Client that authenticates with its secret. Default: none. */
  readonly clientId?: string;
  /** Signs the proof. Default: the request has no proof. */
  readonly signer?: ProofSigner;
  readonly proof?: ProofOptions;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DpopAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Tokens of the response, or empty strings if it has none. */
  readonly accessToken: string;
  readonly refreshToken: string;
}

type Form = Readonly<Record<string, string>>;

export interface DpopApp {
  readonly app: Express;
  readonly stores: Stores;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** Another authorization server on the same stores and keys. */
  rebuild(changes: Changes): Promise<DpopApp>;
  post(path: 'token' | 'introspect' | 'revoke', form: Form, sending?: Sending): Promise<DpopAnswer>;
  /** Requests tokens with the secret of `demo`, unless the sending names another client. */
  obtain(form?: Form, sending?: Sending): Promise<DpopAnswer>;
  /** Refreshes without a secret as the client `app`, unless the sending names a client. */
  refresh(refreshToken: string, sending?: Sending, form?: Form): Promise<DpopAnswer>;
  /** Opens a token of any audience, without its key. */
  open(token: string): Promise<VerifiedToken>;
  /** Sends a token to the API, with a proof if there is a signer. */
  use(token: string, signer?: ProofSigner): Promise<number>;
}

/** Options that differ between the authorization servers of a test. */
interface Changes {
  readonly dpop?: Partial<NonNullable<TokenRouterOptions['dpop']>> | 'off';
  readonly files?: KeyFiles;
  readonly options?: Partial<TokenRouterOptions>;
}

interface Shared {
  now: number;
  readonly stores: Stores;
  readonly keyRing: TokenRouterOptions['keyRing'];
}

export async function createDpopApp(
  changes: Changes = {},
  open: OpenStores = async (clock) => createMemoryStores({ clock }),
): Promise<DpopApp> {
  const time = { now: NOW };
  const stores = await open(() => time.now);
  return build(Object.assign(time, { stores, keyRing: await createRing() }), changes);
}

async function build(shared: Shared, changes: Changes): Promise<DpopApp> {
  const { dpop = {}, files = DPOP_KEYS, options = {} } = changes;
  const { stores, keyRing } = shared;
  const clock = (): number => shared.now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const revocations = createRevocations({ stores, clock });
  const service = { keyRing, issuer: ISSUER, revocations, clock };
  const proofs = dpop === 'off' ? {} : { dpop: { mode: 'allow', baseUrl: ISSUER, ...dpop } as const };
  const app = express();
  const apiKeys = await loadFiles(files);
  const router = tokenRouter({
    ...service,
    audience: AUDIENCE,
    apiKeys,
    stores,
    audit,
    ...proofs,
    ...options,
  });
  app.use('/oauth', router);
  app.use(authorizationServerMetadata({ tokenRouter: router, url: `${ISSUER}/oauth` }));
  const accepting = { mode: 'allow', baseUrl: AUDIENCE } as const;
  app.get(
    '/',
    authenticate({ ...service, audience: AUDIENCE, dpop: accepting }),
    (_req, res) => void res.json({}),
  );
  const verifier = prepareVerifier({ ...service, audience: [AUDIENCE, REPORTS, INTERNAL] }, 'test');

  const post: DpopApp['post'] = async (path, form, { clientId, signer, proof = {}, headers = {} } = {}) => {
    const sent = request(app).post(`/oauth/${path}`).type('form').set(headers);
    if (clientId !== undefined) sent.auth(clientId, `sk-${clientId}`);
    const url = `${ISSUER}/oauth/${path}`;
    if (signer !== undefined) {
      const { claims, ...others } = proof;
      sent.set(
        'DPoP',
        createProof(signer, { method: 'POST', url, claims: { iat: shared.now, ...claims }, ...others }),
      );
    }
    return readAnswer(await sent.send(form));
  };

  return {
    ...{ app, stores, records, post },
    setTime: (now) => {
      shared.now = now;
    },
    rebuild: (others) => build(shared, others),
    obtain: (form = {}, sending = {}) =>
      post('token', { grant_type: 'client_credentials', ...form }, { clientId: 'demo', ...sending }),
    refresh: (refreshToken, sending = {}, form = {}) => {
      const name = sending.clientId === undefined ? { client_id: 'app' } : {};
      return post(
        'token',
        { grant_type: 'refresh_token', refresh_token: refreshToken, ...name, ...form },
        sending,
      );
    },
    open: async (token) => verifier.verify(token, 'any'),
    use: async (token, signer) => {
      const sent = request(app)
        .get('/')
        .set('Authorization', `${signer === undefined ? 'Bearer' : 'DPoP'} ${token}`);
      if (signer !== undefined) sent.set('DPoP', createProof(signer, { token }));
      return (await sent).status;
    },
  };
}

function readAnswer({ status, headers, body }: Response): DpopAnswer {
  const accessToken = String(body.access_token ?? '');
  return { status, headers, body, accessToken, refreshToken: String(body.refresh_token ?? '') };
}
