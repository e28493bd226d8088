import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import {
  type AuditTrail,
  authenticate,
  bearerErrors,
  createKeyRing,
  createLimits,
  createRevocations,
  createSessions,
  discoveryRouter,
  fileKeySource,
  type KeyRing,
  limitRequests,
  openKeyRing,
  protectedResourceUrl,
  type Revocations,
  type Stores,
  sessionRouter,
  tokenRouter,
  type WatchedApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { connectRedisStores } from 'passport-jwe/redis';
import { openDataDirectory } from './data-directory.js';
import { adminRoutes } from './routes/admin.js';
import { documentRoutes } from './routes/documents.js';
import { modelRoutes } from './routes/models.js';
import type { Settings } from './settings.js';

/** A gateway that listens. */
export interface Gateway {
  readonly origin: string;
  /** The API key of the sample configuration, where that is in use. */
  readonly demoApiKey: string | undefined;
  /** Stops accepting, lets running requests end, and resolves then. */
  close(): Promise<void>;
}

/** Loads everything, then listens: issuer and audience default to the origin that it listens on. */
export async function startGateway(settings: Settings, audit: AuditTrail): Promise<Gateway> {
  const demoApiKey = settings.isSample ? await chooseDemoApiKey(settings) : undefined;
  const stores = await chooseStores(settings, audit);
  const revocations = createRevocations({ store: stores.revocations, audit });

  const server = createServer();
  let keys: OpenKeys | undefined;
  let apiKeys: WatchedApiKeys | undefined;
  const closeAll = async (): Promise<void> => {
    apiKeys?.close();
    await keys?.close();
    await stores.close();
  };
  try {
    keys = await openKeys(settings, stores, audit);
    apiKeys = await watchKeys(settings, demoApiKey, { revocations, audit });
    const origin = await listen(server, settings);
    const { issuer = origin, audience = origin } = settings;
    const service = { keyRing: keys.keyRing, issuer, audience, revocations, audit };
    server.on('request', createApp(service, apiKeys, stores));
    return { origin, demoApiKey, close: () => close(server).finally(closeAll) };
  } catch (failure) {
    await closeAll();
    throw failure;
  }
}

/** A terminal that is closed ends what runs in it by SIGHUP; elsewhere that has the files read again. */
function watchKeys(
  { apiKeysDir: directory }: Settings,
  demoApiKey: string | undefined,
  parts: Pick<Service, 'revocations' | 'audit'>,
): Promise<WatchedApiKeys> {
  const environment = { ...process.env, DEMO_API_KEY: demoApiKey };
  return watchApiKeys({ ...parts, directory, environment, sighup: !process.stdin.isTTY });
}

const SHUTDOWN_TIMEOUT_MS = 5000;

/** What the routes below ask for. */
const SCOPES = [
  ...['read:documents', 'write:documents', 'admin:configurations', 'execute:models'],
  'manage:sessions',
];

/** What issuing and accepting have in common. */
interface Service {
  readonly keyRing: KeyRing;
  readonly issuer: string;
  readonly audience: string;
  readonly revocations: Revocations;
  readonly audit: AuditTrail;
}

function createApp(service: Service, apiKeys: WatchedApiKeys, stores: Stores): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', (_req, res) => {
    const isReady = stores.isReady();
    res.status(isReady ? 200 : 503).json({ status: isReady ? 'ok' : 'unavailable' });
  });
  const tokens = tokenRouter({ ...service, apiKeys, families: stores.families });
  app.use('/oauth', tokens);
  app.use(
    discoveryRouter({ tokenRouter: tokens, url: `${service.issuer}/oauth`, ...publicResource(service) }),
  );
  const limits = createLimits({ store: stores.limits, apiKeys, audit: service.audit });
  const guarded = ['/documents', '/admin', '/sessions'];
  app.use([...guarded, '/v1'], authenticate({ ...service, apiKeys, ...challengeOf(service) }));
  app.use(guarded, limitRequests({ limits }));
  const { revocations, audit } = service;
  app.use(
    '/sessions',
    sessionRouter({ sessions: createSessions({ families: stores.families, revocations, audit }) }),
  );
  app.use(documentRoutes(), adminRoutes(apiKeys), modelRoutes(apiKeys, limits));
  app.use(bearerErrors(), unreadableBodies);
  return app;
}

/** An audience that is no URL has no metadata (RFC 9728 section 1.2). */
function publicResource({ audience }: Service) {
  return URL.canParse(audience) ? { protectedResource: { resource: audience, scopes: SCOPES } } : {};
}

function challengeOf({ audience }: Service) {
  if (!URL.canParse(audience)) return { realm: 'gateway' };
  return { realm: 'gateway', resourceMetadata: protectedResourceUrl(audience) };
}

/** Answers what express.json() refuses. */
const unreadableBodies: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || ![400, 413, 415].includes(error?.status)) return next(error);
  res.status(error.status).json({ error: 'invalid_request', error_description: 'The body cannot be read' });
};

interface OpenKeys {
  readonly keyRing: KeyRing;
  close(): Promise<void>;
}

/** A key file is followed, so that `passport-jwe keys rotate` takes effect; a passphrase stays what it is. */
async function openKeys(settings: Settings, { counters }: Stores, audit: AuditTrail): Promise<OpenKeys> {
  const { passphrase, keysFile, dataDir } = settings;
  const data = openDataDirectory(dataDir);
  const usage = { counters };
  if (passphrase !== undefined) {
    const salt = settings.salt ?? (await data.salt());
    const keyRing = await createKeyRing({ current: { passphrase, salt }, usage, audit });
    return { keyRing, close: async () => undefined };
  }
  const source = fileKeySource({ file: keysFile ?? (await data.keysFile()) });
  const keyRing = await openKeyRing({ source, usage, audit });
  return { keyRing, close: () => keyRing.close() };
}

async function chooseStores(settings: Settings, audit: AuditTrail): Promise<Stores> {
  const { redisUrl, redisTimeoutMs, dataDir } = settings;
  const patience = redisTimeoutMs === undefined ? {} : { commandTimeoutMs: redisTimeoutMs };
  if (redisUrl !== undefined) return connectRedisStores({ url: redisUrl, ...patience, audit });
  return openLmdbStores({ path: await openDataDirectory(dataDir).storeDirectory() });
}

async function chooseDemoApiKey(settings: Settings): Promise<string> {
  return settings.demoApiKey ?? openDataDirectory(settings.dataDir).demoApiKey();
}

function listen(server: Server, { host, port }: Settings): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken; set PORT to another one`) : cause,
      );
    });
    server.listen(port, host, () => resolve(originOf(server, host)));
  });
}

function originOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Requests that run may end, connections take no more of them, and what does not end is cut off. */
function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS).unref();
  });
}
