import express, { type Express } from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  createAuditTrail,
  createMemoryStores,
  createRevocations,
  type KeyRing,
  requireScope,
} from 'passport-jwe';
import { AUDIENCE, clock, ISSUER } from '../support/tokens.js';

/** An application behind `authenticate()` with all that may look at a token: revocations, a cache, a guard and an audit trail. */
export interface FuzzedApp {
  readonly app: Express;
  /** How often tokens were refused, by the reason. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** DPoP with nonces, for the requests of `createProofMutants()`. */
export const FUZZED_DPOP = { mode: 'allow', baseUrl: AUDIENCE, nonce: true } as const;

/** @param dpop options of the API that accepts bound tokens. Default: bearer tokens only. */
export function createFuzzedApp(keyRing: KeyRing, dpop?: AuthenticateOptions['dpop']): FuzzedApp {
  const refusals = new Map<string, number>();
  const write = (record: object): void => {
    const reason = 'reason' in record ? String(record.reason) : 'malformed_request';
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
  };
  const audit = createAuditTrail({ sinks: [{ unaggregated: true, write }], clock });
  const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
  const app = express();
  app.set('env', 'test');
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, audit, clock };
  app.use(authenticate({ ...service, ...(dpop && { dpop }) }));
  app.get('/resource', requireScope('read:documents'), (_req, res) => void res.json({}));
  return { app, refusals };
}
