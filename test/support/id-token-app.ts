import express, { type Express } from 'express';
import {
  authorizationServerMetadata,
  type ClaimsHook,
  createAuditTrail,
  createMemoryStores,
  type IdentityProvider,
  type TokenRouterOptions,
  tokenRouter,
  type VerificationKeys,
  type VerifiedToken,
  type WorkloadIssuer,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { Stores } from 'passport-jwe/stores';
import request from 'supertest';
import { parseVerificationKey } from '../../src/keys/signature-key.js';
import { keepVerificationKeys } from '../../src/keys/verification-keys.js';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { createIssuerAndVerifier } from './issuer-and-verifier.js';
import { generateSigner, type JwkPair } from './key-pairs.js';
import { signText } from './signed-tokens.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ID_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id_token';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const OP = 'https://login.example.com';
export const CLIENT = 'portal-web';
export const REPORTS = 'https://reports.example.com';

const COMMON = 'type: api_call\nrate_limits: {}\npermissions: [read, write, admin]\n';

/** API keys of two applications with sign-in, and of one that exchanges no ID tokens. */
export const ID_TOKEN_KEYS: KeyFiles = {
  'portal.yaml':
    `api_key: sk-portal\nkey_id: portal\nname: Portal\n${COMMON}id_tokens:\n` +
    `  - issuer: ${OP}\n    audiences: [${CLIENT}, portal-mobile]\n    group_permissions: { staff: [read], editors: [read, write] }\n`,
  'other.yaml':
    `api_key: sk-other\nkey_id: other\nname: Other\n${COMMON}audiences: [${AUDIENCE}, ${REPORTS}]\nid_tokens:\n` +
    `  - issuer: ${OP}\n    audiences: [other-web]\n    group_permissions: { staff: [read] }\n`,
  'plain.yaml': `api_key: sk-plain\nkey_id: plain\nname: Plain\n${COMMON}users: true\n`,
};

export const SIGNER = generateSigner('RS256', { kid: 'op-1' });
/** Signer of another provider. */
export const FOREIGN_SIGNER = generateSigner('RS256', { kid: 'foreign-1' });

export function keysOf(...signers: readonly JwkPair[]): VerificationKeys {
  return keepVerificationKeys(signers.map(({ publicJwk }) => parseVerificationKey(publicJwk)));
}

export type Members = Readonly<Record<string, unknown>>;

/** An ID token of the standard provider; `undefined` removes a claim or a member. */
export function idToken(claims: Members = {}, header: Members = {}, { privateJwk } = SIGNER): string {
  const full = {
    iss: OP,
    sub: '248289761001',
    aud: CLIENT,
    exp: NOW + 3600,
    iat: NOW - 5,
    nonce: 'n-0S6_WzA2Mj',
    groups: ['staff'],
    ...claims,
  };
  return signClaims(full, header, privateJwk);
}

/** Sign any claims set as an identity provider does. */
export function signClaims(claims: Members, header: Members, privateJwk: JwkPair['privateJwk']): string {
  const members = { alg: privateJwk['alg'], kid: privateJwk['kid'], typ: 'JWT', ...header };
  return signText(JSON.stringify(members), JSON.stringify(claims), privateJwk);
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Members;
}

export interface IdTokenApp {
  readonly app: Express;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** Exchange an ID token at the token endpoint, with the API key `portal` by default. */
  exchange(
    idToken: string,
    parameters?: Members,
    secret?: readonly [string, string],
  ): Promise<ExchangeAnswer>;
  /** Send another request to the token endpoint. */
  post(parameters: Members, secret?: readonly [string, string], headers?: Members): Promise<ExchangeAnswer>;
  verify(answer: ExchangeAnswer): Promise<VerifiedToken>;
  /** Reason of the last rejection in the audit log. */
  lastReason(): string | undefined;
}

export interface IdTokenAppOptions
  extends Pick<TokenRouterOptions, 'directories' | 'dpop' | 'surplusScopes'> {
  readonly files?: KeyFiles;
  readonly providers?: Readonly<Record<string, IdentityProvider>>;
  readonly workloadIssuers?: readonly WorkloadIssuer[];
  readonly claims?: ClaimsHook;
  readonly stores?: Partial<Pick<Stores, 'counters' | 'families' | 'replays'>>;
}

export const PROVIDERS: Readonly<Record<string, IdentityProvider>> = {
  op: { type: 'standard', issuer: OP, verification: keysOf(SIGNER) },
};

export const PORTAL = ['portal', 'sk-portal'] as const;

/** An authorization server that exchanges ID tokens. */
export async function createIdTokenApp(options: IdTokenAppOptions = {}): Promise<IdTokenApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const {
    files = ID_TOKEN_KEYS,
    providers = PROVIDERS,
    stores = createMemoryStores({ clock }),
    ...others
  } = options;
  const service = { keyRing: await createRing(), issuer: ISSUER, clock };
  const tokens = createIssuerAndVerifier({ ...service, audience: [AUDIENCE, REPORTS] });
  const router = tokenRouter({
    ...{ ...service, audience: AUDIENCE, apiKeys: await loadFiles(files), audit, stores },
    identityProviders: providers,
    ...others,
  });
  const app = express().set('trust proxy', 1);
  let requests = 0;
  /** Another network for each request, since rejections of one network are aggregated. */
  const nextAddress = (): string => {
    requests += 1;
    return `10.${requests >> 8}.${requests & 255}.1`;
  };
  app.use('/oauth', router);
  app.use(authorizationServerMetadata({ tokenRouter: router, url: `${ISSUER}/oauth` }));

  const post: IdTokenApp['post'] = async (parameters, secret = PORTAL, headers = {}) => {
    const sent = request(app).post('/oauth/token').set('X-Forwarded-For', nextAddress()).type('form');
    for (const [name, value] of Object.entries(headers)) sent.set(name, String(value));
    const { status, body } = await sent.auth(...secret).send(parameters);
    return { status, body };
  };

  return {
    app,
    records,
    setTime: (time) => {
      now = time;
    },
    exchange: (subject_token, parameters = {}, secret = PORTAL) =>
      post(
        { grant_type: TOKEN_EXCHANGE, subject_token, subject_token_type: ID_TOKEN_TYPE, ...parameters },
        secret,
      ),
    post,
    verify: ({ body }) => tokens.verify(String(body['access_token'])),
    lastReason: () =>
      records.flatMap((record) => (record.type === 'issuance.refused' ? [record.reason] : [])).at(-1),
  };
}
