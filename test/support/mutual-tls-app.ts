import { type Agent, createServer, type RequestOptions, request, type Server } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import express, { type Express } from 'express';
import {
  authenticate,
  authorizationServerMetadata,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type TokenRouterOptions,
  tokenRouter,
  verifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { MutualTlsOptions } from '../../src/http/mutual-tls-options.js';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { type CertificateSpec, createAuthority, type IssuedCertificate } from './client-certificates.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

/** Authority that the TLS servers of the tests trust. */
export const AUTHORITY = createAuthority();

/** Certificate of the TLS servers. */
const SERVER = AUTHORITY.issue({ subject: '/CN=server', names: ['IP:127.0.0.1'] });

/** A certificate of the trusted authority. */
export const issueCertificate = (spec: CertificateSpec): IssuedCertificate => AUTHORITY.issue(spec);

export interface MutualTlsApp {
  readonly app: Express;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** Reason for which the last token request was rejected. */
  lastReason(): unknown;
}

/** An authorization server under `/oauth`, and the routes `/guarded` and `/thumbprint`. */
export async function createMutualTlsApp(
  files: KeyFiles,
  mutualTls: MutualTlsOptions,
  options: Partial<TokenRouterOptions> = {},
): Promise<MutualTlsApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const stores = createMemoryStores({ clock });
  const { issuer = ISSUER } = options;
  const revocations = createRevocations({ stores, clock });
  const service = {
    keyRing: await createRing(),
    issuer,
    audience: AUDIENCE,
    revocations,
    audit,
    clock,
  };
  const tokens = tokenRouter({ ...service, apiKeys: await loadFiles(files), stores, mutualTls, ...options });
  const app = express().use('/oauth', tokens);
  app.use(authorizationServerMetadata({ tokenRouter: tokens, url: `${issuer}/oauth` }));
  app.get('/guarded', authenticate({ ...service, mutualTls }), (req, res) => {
    res.json(verifiedToken(req).claims);
  });
  return {
    app,
    records,
    setTime(time) {
      now = time;
    },
    lastReason() {
      const last = records.findLast((record) => 'reason' in record);
      return last !== undefined && 'reason' in last ? last.reason : undefined;
    },
  };
}

export interface TlsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a client sends. */
export interface TlsCall {
  readonly certificate?: IssuedCertificate | undefined;
  readonly form?: Readonly<Record<string, string>>;
  readonly token?: unknown;
  readonly headers?: RequestOptions['headers'];
  readonly agent?: Agent;
}

/** A server whose certificate the clients trust. */
export interface TlsServer {
  readonly server: Server;
  readonly url: string;
  call(path: string, call?: TlsCall): Promise<TlsAnswer>;
  close(): void;
}

/** Starts a TLS server that asks for client certificates, and accepts all of them. */
export async function startTlsServer(
  listener: Parameters<typeof createServer>[1],
  tls: Parameters<typeof createServer>[0] = {},
): Promise<TlsServer> {
  const server = createServer(
    {
      key: SERVER.key,
      cert: SERVER.cert,
      ca: AUTHORITY.root,
      requestCert: true,
      rejectUnauthorized: false,
      ...tls,
    },
    listener,
  );
  const port = await listen(server);
  const url = `https://127.0.0.1:${port}`;
  return {
    server,
    url,
    call: (path, call = {}) => send(`${url}${path}`, call),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Listens on a free port of 127.0.0.1. */
export function listen(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function send(url: string, { certificate, form, token, headers = {}, agent }: TlsCall): Promise<TlsAnswer> {
  const identity = certificate === undefined ? {} : { key: certificate.key, cert: certificate.cert };
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      ...{ ca: AUTHORITY.root, agent: agent ?? false, ...identity },
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${String(token)}` }),
        ...headers,
      },
    });
    sent.on('error', reject).on('response', (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => {
        const parsed = text.startsWith('{') ? JSON.parse(text) : {};
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: parsed });
      });
    });
    sent.end(body);
  });
}
