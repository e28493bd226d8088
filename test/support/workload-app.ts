import express, { type Express } from 'express';
import {
  authorizationServerMetadata,
  type ClaimsHook,
  createAuditTrail,
  createMemoryStores,
  type ThrottleOptions,
  tokenRouter,
  type UserDirectoriesOptions,
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

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const GITHUB = 'https://token.actions.githubusercontent.com';
export const CLUSTER = 'https://kubernetes.default.svc.cluster.local';
export const MESH = 'spiffe://acme.example';
export const IDP = 'https://idp.example.com';
export const REPORTS = 'https://reports.example.com';
export const LEDGER = 'https://ledger.example.com';

const COMMON = 'type: api_call\nrate_limits: {}\npermissions: [read, write]\n';

/** API keys of workloads on four platforms. Two of them list the same workloads. */
export const WORKLOAD_KEYS: KeyFiles = {
  'billing.yaml':
    `api_key: sk-billing\nkey_id: billing\nname: Billing\n${COMMON}service_audiences: [${LEDGER}]\n` +
    `workloads:\n  - { issuer: ${GITHUB}, subject: "repo:acme/billing:environment:*", claims: { repository_id: "123456" } }\n` +
    `  - { issuer: ${CLUSTER}, subject: "system:serviceaccount:billing:worker" }\n` +
    `  - { issuer: "${MESH}", subject: "${MESH}/ns/billing/sa/*" }\n`,
  'agent.yaml':
    `api_key: sk-agent\nkey_id: agent\nname: Agent\n${COMMON}users: true\naudiences: [${AUDIENCE}, ${REPORTS}]\n` +
    `service_audiences: [https://jobs.example.com]\nworkloads: [{ issuer: ${IDP}, subject: "user-*", users: true }]\n`,
  'one.yaml': `api_key: sk-one\nkey_id: one\nname: One\n${COMMON}workloads: [{ issuer: ${GITHUB}, subject: "repo:acme/shared:*" }]\n`,
  'other.yaml': `api_key: sk-other\nkey_id: other\nname: Other\n${COMMON}workloads: [{ issuer: ${GITHUB}, subject: "repo:acme/shared:*" }]\n`,
  'off.yaml':
    `api_key: sk-off\nkey_id: off\nname: Off\nactive: false\n${COMMON}` +
    `workloads: [{ issuer: ${GITHUB}, subject: "repo:acme/off:*" }]\n`,
};

/** Signer of each platform. */
export const SIGNERS: Readonly<Record<string, JwkPair>> = {
  [GITHUB]: generateSigner('RS256', { kid: 'github' }),
  [CLUSTER]: generateSigner('RS256', { kid: 'cluster' }),
  [MESH]: generateSigner('ES256', { kid: 'mesh' }),
  [IDP]: generateSigner('EdDSA', { kid: 'idp' }),
};

export function signerOf(issuer: string): JwkPair {
  const signer = SIGNERS[issuer];
  if (signer === undefined) throw new Error('There is no signer of this issuer');
  return signer;
}

export function keysOf(...signers: readonly JwkPair[]): VerificationKeys {
  return keepVerificationKeys(signers.map(({ publicJwk }) => parseVerificationKey(publicJwk)));
}

type Members = Readonly<Record<string, unknown>>;

/** A JWT of GitHub Actions; `undefined` removes a claim or a member. */
export function githubToken(
  claims: Members = {},
  header: Members = {},
  { privateJwk } = signerOf(GITHUB),
): string {
  const full = {
    iss: GITHUB,
    sub: 'repo:acme/billing:environment:production',
    aud: ISSUER,
    exp: NOW + 300,
    iat: NOW,
    nbf: NOW - 300,
    jti: 'run-1',
    repository_id: '123456',
    ...claims,
  };
  return signText(
    JSON.stringify({ alg: privateJwk['alg'], kid: privateJwk['kid'], typ: 'JWT', ...header }),
    JSON.stringify(full),
    privateJwk,
  );
}

/** A JWT-SVID as SPIRE issues it without `jwt_issuer`. */
export function svid(claims: Members = {}): string {
  return githubToken(
    {
      iss: undefined,
      sub: `${MESH}/ns/billing/sa/worker`,
      aud: [ISSUER],
      nbf: undefined,
      jti: undefined,
      ...claims,
    },
    {},
    signerOf(MESH),
  );
}

/** An ID-JAG for the client `agent`. */
export function idJag(claims: Members = {}, header: Members = {}): string {
  return githubToken(
    {
      iss: IDP,
      sub: 'user-7',
      client_id: 'agent',
      jti: 'jag-1',
      nbf: undefined,
      repository_id: undefined,
      ...claims,
    },
    { typ: 'oauth-id-jag+jwt', ...header },
    signerOf(IDP),
  );
}

export interface WorkloadAnswer {
  readonly status: number;
  readonly body: Members;
  readonly headers: Readonly<Record<string, string>>;
}

export interface WorkloadApp {
  readonly app: Express;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** What the token endpoint says to the JWT of a workload. */
  exchange(
    assertion: string,
    parameters?: Members,
    secret?: readonly [string, string],
  ): Promise<WorkloadAnswer>;
  verify(answer: WorkloadAnswer): Promise<VerifiedToken>;
  /** Reason of the last rejection in the audit log. */
  lastReason(): string | undefined;
}

export interface WorkloadAppOptions {
  readonly files?: KeyFiles;
  readonly issuers?: readonly WorkloadIssuer[];
  readonly claims?: ClaimsHook;
  readonly stores?: Partial<Pick<Stores, 'counters' | 'families'>>;
  /** All requests then come from one address. */
  readonly throttle?: ThrottleOptions;
  readonly users?: UserDirectoriesOptions;
}

/** An authorization server that accepts the JWTs of four platforms. */
export async function createWorkloadApp(options: WorkloadAppOptions = {}): Promise<WorkloadApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const { counters } = createMemoryStores({ clock });
  const {
    files = WORKLOAD_KEYS,
    issuers = Object.entries(SIGNERS).map(([issuer, signer]) => ({ issuer, verification: keysOf(signer) })),
    stores = { counters },
    claims,
    throttle,
    users = {},
  } = options;
  const service = { keyRing: await createRing(), issuer: ISSUER, clock };
  const tokens = createIssuerAndVerifier({ ...service, audience: [AUDIENCE, REPORTS, LEDGER] });
  const router = tokenRouter({
    ...{ ...service, audience: AUDIENCE, apiKeys: await loadFiles(files), audit, stores },
    workloadIssuers: issuers,
    ...users,
    ...(claims === undefined ? {} : { claims }),
    ...(throttle === undefined ? {} : { throttle }),
  });
  const app = express().set('trust proxy', 1);
  let requests = 0;
  /** Another network for each request, since rejections of one network are aggregated. */
  const nextAddress = (): string => {
    requests += 1;
    return throttle === undefined ? `10.${requests >> 8}.${requests & 255}.1` : '10.0.0.1';
  };
  app.use('/oauth', router);
  app.use(authorizationServerMetadata({ tokenRouter: router, url: `${ISSUER}/oauth` }));

  return {
    app,
    records,
    setTime: (time) => {
      now = time;
    },
    async exchange(assertion, parameters = {}, secret) {
      const post = request(app).post('/oauth/token').set('X-Forwarded-For', nextAddress()).type('form');
      if (secret !== undefined) post.auth(...secret);
      const { status, body, headers } = await post.send({ grant_type: JWT_BEARER, assertion, ...parameters });
      return { status, body, headers };
    },
    verify: ({ body }) => tokens.verify(String(body['access_token'])),
    lastReason: () =>
      records.flatMap((record) => (record.type === 'issuance.refused' ? [record.reason] : [])).at(-1),
  };
}
