import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import {
  authenticate,
  createMemoryStores,
  fileKeySource,
  generateKeySet,
  loadApiKeys,
  openKeyRing,
  publishAccessKeys,
  type RotatingKeyRing,
  tokenRouter,
  verifiedToken,
} from 'passport-jwe';

/**
 * Runs an issuer with the root keys and two resource servers, each with a key file for its audience. A resource server
 * cannot decrypt refresh tokens or tokens of the other audience. A rotation reaches both before it takes effect.
 */
const ISSUER = 'http://auth.internal';
const REPORTS = 'http://reports.internal';
const ARCHIVE = 'http://archive.internal';
const API_KEY = 'sample-key-of-this-example-only';

/** Reload interval and activation delay in seconds. They are short to make the example fast. */
const TIMES = { reloadSeconds: 0.2, pendingSeconds: 0.6 };

const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-resource-servers-'));
const rings: RotatingKeyRing[] = [];
const servers: Server[] = [];
try {
  const issuerRing = await openRing('roots.json', JSON.stringify(generateKeySet()));
  const auth = await listen(await createIssuer(issuerRing));
  const reports = await startResourceServer(issuerRing, REPORTS);
  const archive = await startResourceServer(issuerRing, ARCHIVE);

  const before = await issue(auth, REPORTS);
  const show = async (title: string): Promise<void> => {
    console.log(title);
    const after = await issue(auth, REPORTS);
    console.log(`  reports, with a token for reports: ${await use(reports, after.accessToken)}`);
    console.log(`  reports, with an older token: ${await use(reports, before.accessToken)}`);
    console.log(`  archive, with a token for reports: ${await use(archive, after.accessToken)}`);
    console.log(`  reports, with a refresh token: ${await use(reports, after.refreshToken)}`);
  };

  await show('before the rotation');
  const { current } = issuerRing;
  await issuerRing.rotate();
  while (issuerRing.current === current) await new Promise((resolve) => setTimeout(resolve, 50));
  await show('after the rotation');
} finally {
  for (const server of servers) server.close();
  await Promise.all(rings.map((ring) => ring.close()));
  await rm(directory, { recursive: true });
}

async function openRing(name: string, content?: string): Promise<RotatingKeyRing> {
  const file = join(directory, name);
  if (content !== undefined) await writeFile(file, content, { mode: 0o600 });
  const ring = await openKeyRing({ source: fileKeySource({ file }), ...TIMES });
  rings.push(ring);
  return ring;
}

async function createIssuer(keyRing: RotatingKeyRing): Promise<Express> {
  const fields = `key_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\naudiences: ["${REPORTS}", "${ARCHIVE}"]`;
  await writeFile(join(directory, 'demo.yaml'), `api_key: ${API_KEY}\n${fields}\n`);
  const apiKeys = await loadApiKeys({ directory });
  return express().use(
    '/oauth',
    tokenRouter({ keyRing, issuer: ISSUER, audience: REPORTS, apiKeys, stores: createMemoryStores() }),
  );
}

/**
 * Starts a resource server that has only the key file of its audience. To reject tokens before they expire, pass
 * `revocations` of a shared store, and `apiKeys` if the server has the files.
 */
async function startResourceServer(issuerRing: RotatingKeyRing, audience: string): Promise<Server> {
  const name = `${new URL(audience).hostname}.json`;
  await publishAccessKeys(issuerRing, { audience, file: join(directory, name) });
  const keyRing = await openRing(name);
  const app = express();
  app.use(authenticate({ keyRing, issuer: ISSUER, audience }));
  app.get('/', (req, res) => void res.json({ for: verifiedToken(req).claims.client_id }));
  return listen(app);
}

async function issue(auth: Server, audience: string) {
  const answer = await fetch(`${originOf(auth)}/oauth/token`, {
    method: 'POST',
    headers: { 'X-API-Key': API_KEY },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'offline_access', audience }),
  });
  const { access_token: accessToken, refresh_token: refreshToken } = JSON.parse(await answer.text());
  return { accessToken: String(accessToken), refreshToken: String(refreshToken) };
}

async function use(server: Server, token: string): Promise<number> {
  return (await fetch(originOf(server), { headers: { Authorization: `Bearer ${token}` } })).status;
}

async function listen(app: Express): Promise<Server> {
  const server = await new Promise<Server>((resolve) => {
    const started = app.listen(0, '127.0.0.1', () => resolve(started));
  });
  servers.push(server);
  return server;
}

function originOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}
