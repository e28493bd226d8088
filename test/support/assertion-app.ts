import express, { type Express } from 'express';
import {
  authorizationServerMetadata,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type TokenRouterOptions,
  tokenRouter,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { Stores } from 'passport-jwe/stores';
import request, { type Response } from 'supertest';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { ASSERTION_TYPE } from './client-keys.js';
import { AUDIENCE, createRing, ISSUER, NOW } from './tokens.js';

/** An authorization server whose clients sign assertions. */
export interface AssertionApp {
  readonly app: Express;
  readonly stores: Stores;
  readonly records: readonly AuditRecord[];
  setTime(now: number): void;
  /** What an endpoint answers to an assertion. Default: the token endpoint, to the client credentials grant. */
  send(assertion: string, parameters?: Readonly<Record<string, string>>, path?: string): Promise<Response>;
  /** Reason for which the last assertion was rejected, or `undefined` if it was accepted. */
  lastReason(): unknown;
}

/** @param options options of `tokenRouter()` in place of the defaults. */
export async function createAssertionApp(
  files: KeyFiles,
  options: Partial<TokenRouterOptions> & { readonly shared?: Stores } = {},
): Promise<AssertionApp> {
  let now = NOW;
  const clock = (): number => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const { shared: stores = createMemoryStores({ clock }), ...changes } = options;
  const tokens = tokenRouter({
    ...{ keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, apiKeys: await loadFiles(files) },
    ...{ revocations: createRevocations({ stores, clock }), stores, audit, clock },
    ...changes,
  });
  const app = express().use('/oauth', tokens);
  app.use(authorizationServerMetadata({ tokenRouter: tokens, url: `${ISSUER}/oauth` }));

  return {
    app,
    stores,
    records,
    setTime(time) {
      now = time;
    },
    send: async (assertion, parameters = {}, path = 'token') =>
      request(app)
        .post(`/oauth/${path}`)
        .type('form')
        .send({
          grant_type: 'client_credentials',
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertion,
          ...parameters,
        }),
    lastReason: () => {
      const last = records.at(-1);
      return last?.type === 'issuance.refused' ? last.reason : undefined;
    },
  };
}
