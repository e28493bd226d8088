import express, { type Express } from 'express';
import {
  authenticate,
  createAuditTrail,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createSessions,
  createTokenVerifier,
  createUserSessions,
  type NoClaims,
  type Revocations,
  sessionRouter,
  tokenRouter,
  type UserClaimsHook,
  type UserSessions,
  type UserSessionsOptions,
  type VerifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { Stores } from 'passport-jwe/stores';
import { loadFiles } from './api-key-files.js';
import type { OpenStores } from './drivers.js';
import { AUDIENCE, ISSUER, NOW, secretOf } from './tokens.js';

/** An application that signs in its own users and also has a token router, on the same keys and stores. */
export interface UserSessionApp {
  /** Serves `/oauth` and, for tokens with `manage:sessions`, `/sessions`. */
  readonly app: Express;
  readonly userSessions: UserSessions;
  readonly stores: Stores;
  readonly revocations: Revocations;
  readonly records: readonly AuditRecord[];
  /** What `createUserSessions()` was given. */
  readonly options: UserSessionsOptions;
  pass(seconds: number): void;
  verify(token: string): Promise<VerifiedToken>;
  isAccepted(token: string): Promise<boolean>;
}

const API_KEY =
  'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\nusers: true\nintrospects: []\n';

/**
 * @param open opens the stores. Default: those in memory.
 * @param claims hook for the custom claims. Default: none.
 */
export async function createUserSessionApp(
  open: OpenStores = async (clock) => createMemoryStores({ clock }),
  claims?: UserClaimsHook<NoClaims>,
): Promise<UserSessionApp> {
  let now = NOW;
  const clock = () => now;
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const stores = await open(clock);
  const revocations = createRevocations({ stores, clock });
  const keyRing = await createKeyRing({ current: { secret: secretOf(1) } });
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, clock };
  const options = { ...service, stores, audit, ...(claims && { claims }) };
  const verifier = createTokenVerifier(service);

  const app = express();
  const apiKeys = await loadFiles({ 'demo.yaml': API_KEY });
  app.use('/oauth', tokenRouter({ ...service, stores, apiKeys }));
  const sessions = createSessions({ stores, revocations, clock });
  app.use('/sessions', authenticate({ ...service, apiKeys }), sessionRouter({ sessions }));

  return {
    ...{ app, stores, revocations, records, options },
    userSessions: createUserSessions(options),
    pass: (seconds) => {
      now += seconds;
    },
    verify: (token) => verifier.verify(token),
    isAccepted: (token) =>
      verifier.verify(token).then(
        () => true,
        () => false,
      ),
  };
}
