import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import {
  authenticate,
  bearerErrors,
  createKeyRing,
  createTokenClient,
  loadApiKeys,
  requireScope,
  requireType,
  tokenRouter,
  verifiedToken,
} from 'passport-jwe';

/** Runs two services and their issuer in one process: the billing service requests figures from the reports service. */
const ISSUER = 'http://auth.internal';
const REPORTS = 'http://reports.internal';
const USERS = 'http://api.internal';

const BILLING_API_KEY = randomBytes(24).toString('base64url');

const issuerRing = await createKeyRing({ current: { secret: randomBytes(32) } });
const auth = await listen(await createAuthorizationServer());
const reports = await listen(await createReports());
const billing = await listen(createBilling());

console.log(`billing on ${originOf(billing)}, reports on ${originOf(reports)}`);
for (const visit of ['first', 'second']) {
  const invoice = await fetch(`${originOf(billing)}/invoice`);
  console.log(`${visit} invoice: ${invoice.status} ${await invoice.text()}`);
}
console.log(`reports without a token: ${(await fetch(`${originOf(reports)}/figures`)).status}`);
for (const server of [auth, reports, billing]) server.close();

async function createAuthorizationServer(): Promise<Express> {
  const directory = fileURLToPath(new URL('api-keys', import.meta.url));
  const apiKeys = await loadApiKeys({ directory, environment: { BILLING_API_KEY } });
  return express().use(
    '/oauth',
    tokenRouter({ keyRing: issuerRing, issuer: ISSUER, audience: USERS, apiKeys }),
  );
}

/**
 * Creates the reports service, which has only the keys of its audience and accepts only service tokens. To reject tokens
 * before they expire, pass `revocations` of a shared store, and `apiKeys` if the service has the files.
 */
async function createReports(): Promise<Express> {
  const keyRing = await createKeyRing({ current: { jwks: issuerRing.exportAccessKeys(REPORTS) } });
  const app = express();
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: REPORTS }), requireType('service'));
  app.get('/figures', requireScope('read:reports'), (req, res) => {
    res.json({ total: 1204, for: verifiedToken(req).claims.sub });
  });
  return app.use(bearerErrors());
}

/** Creates the billing service. Its token client reuses a token until shortly before the token expires. */
function createBilling(): Express {
  const tokens = createTokenClient({
    tokenEndpoint: `${originOf(auth)}/oauth/token`,
    clientId: 'billing',
    clientSecret: BILLING_API_KEY,
    audience: REPORTS,
  });
  const app = express();
  app.get('/invoice', async (_req, res) => {
    const headers = { Authorization: `Bearer ${await tokens.getToken()}` };
    const answer = await fetch(`${originOf(reports)}/figures`, { headers });
    res.status(answer.status).json(await answer.json());
  });
  return app;
}

function listen(app: Express): Promise<Server> {
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function originOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}
