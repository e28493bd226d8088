import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import {
  type AuditTrail,
  authenticate,
  authorizationServerMetadata,
  bearerErrors,
  type Clock,
  createSessions,
  type KeyRing,
  type Limits,
  limitRequests,
  protectedResourceMetadata,
  protectedResourceUrl,
  type Revocations,
  sessionRouter,
  tokenRouter,
  type WatchedApiKeys,
} from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import type { Dispatcher } from 'undici';
import { allowOrigins } from './allow-origins.js';
import { createDpop, type GatewayDpop } from './dpop.js';
import type { HealthReport } from './health/health-report.js';
import { answerModelErrors } from './models/answer-model-errors.js';
import type { ModelService } from './models/serve-model.js';
import { noteFailure, noteRejection } from './observability/noted-failures.js';
import type { Observation } from './observability/observers.js';
import { nameRequests } from './observability/request-id.js';
import { adminRoutes } from './routes/admin.js';
import { documentRoutes } from './routes/documents.js';
import { healthRoutes } from './routes/health.js';
import { modelRoutes } from './routes/models.js';
import { proxyRoutes } from './routes/proxy.js';
import type { Settings } from './settings.js';

/** Scopes that the routes of the gateway require. */
const SCOPES = [
  ...['read:documents', 'write:documents', 'admin:configurations', 'execute:models'],
  ...['manage:sessions', 'call:endpoints'],
];

/** Options shared by the issuing and the accepting half. */
export interface Service {
  readonly keyRing: KeyRing;
  readonly issuer: string;
  /** Further issuers whose tokens are accepted. */
  readonly previousIssuers: readonly string[];
  readonly audience: string;
  readonly revocations: Revocations;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Dependencies of the gateway application. */
export interface AppParts {
  readonly settings: Pick<Settings, 'corsOrigins' | 'dpop' | 'proxyUpstream' | 'trustProxy' | 'usesRedis'>;
  /** URL of the gateway as clients see it. */
  readonly publicUrl: string;
  readonly apiKeys: WatchedApiKeys;
  readonly stores: Stores;
  readonly limits: Limits;
  readonly observation: Observation;
  /** Returns the results of all readiness checks. */
  reportHealth(): HealthReport;
  /** Dependencies of the model routes. */
  readonly models: Omit<ModelService, 'apiKeys'>;
  /** Connection pool for the upstream of `/proxy`. */
  readonly proxyDispatcher: Dispatcher;
}

/** Creates the Express application of the gateway. Requests pass the routes in this order. */
export function createApp(service: Service, parts: AppParts): Express {
  const { settings, publicUrl, apiKeys, stores, limits, models, proxyDispatcher } = parts;
  const { observation, reportHealth } = parts;
  const { corsOrigins, dpop: mode, proxyUpstream, trustProxy, usesRedis } = settings;
  const dpop = createDpop({ mode, publicUrl, stores, hasSeveralInstances: usesRedis });
  const app = express();
  app.disable('x-powered-by');
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
  app.use(nameRequests, healthRoutes(reportHealth), ...observation.middleware);
  if (corsOrigins.length > 0) app.use(OPEN_TO_PAGES, allowOrigins(corsOrigins));
  const onRejected = noteRejection;
  const tokens = tokenRouter({ ...service, ...dpop.issue, apiKeys, stores, onRejected });
  app.use('/oauth', tokens);
  app.use(authorizationServerMetadata({ tokenRouter: tokens, url: `${publicUrl}/oauth` }));
  if (URL.canParse(service.audience)) app.use(resourceMetadata(service, dpop));
  const { previousIssuers, ...accepting } = service;
  const issuer = [service.issuer, ...previousIssuers];
  const accept = { ...accepting, issuer, ...dpop.accept, apiKeys, ...challengeOf(service), onRejected };
  app.use('/v1', observation.timeAuthentication(authenticate({ ...accept, ...MODEL_CLIENTS })));
  app.use('/v1', modelRoutes({ ...models, apiKeys, limits }), answerModelErrors({ dpop: mode, publicUrl }));
  const guarded = ['/documents', '/admin', '/sessions', '/proxy'];
  app.use(guarded, observation.timeAuthentication(authenticate(accept)));
  app.use(['/documents', '/admin', '/sessions'], limitRequests({ limits }));
  const { revocations, audit, clock } = service;
  app.use('/sessions', sessionRouter({ sessions: createSessions({ stores, revocations, audit, clock }) }));
  app.use(documentRoutes(), adminRoutes(apiKeys));
  if (proxyUpstream !== undefined) {
    app.use('/proxy', proxyRoutes({ upstream: proxyUpstream, dispatcher: proxyDispatcher, limits }));
  }
  app.use(nothingThere, bearerErrors(), unreadableBodies, unexpectedFailures);
  return app;
}

/** Options for model clients. Anthropic's clients send the token in `x-api-key`. */
const MODEL_CLIENTS = { tokenLocations: { header: 'x-api-key' }, failWithError: true } as const;

/** Paths that web pages may call. They exclude the token endpoint: a web page must not contain an API key. */
const OPEN_TO_PAGES = ['/documents', '/admin', '/sessions', '/proxy', '/v1', '/.well-known'];

/** Serves the metadata of the protected resource. The audience must be a URL (RFC 9728 §1.2). */
function resourceMetadata({ audience: resource, issuer }: Service, { members }: GatewayDpop): RequestHandler {
  return protectedResourceMetadata({ resource, authorizationServers: [issuer], scopes: SCOPES, members });
}

function challengeOf({ audience }: Service) {
  if (!URL.canParse(audience)) return { realm: 'gateway' };
  return { realm: 'gateway', resourceMetadata: protectedResourceUrl(audience) };
}

/** Answers unknown paths with 404. The default handler of Express would echo the path, which may contain a token. */
const nothingThere: RequestHandler = (_req, res) => {
  res.status(404).json({ error: 'not_found', error_description: 'The requested path does not exist' });
};

/** Answers requests whose body `express.json()` rejects. */
const unreadableBodies: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent || ![400, 413, 415].includes(error?.status)) return next(error);
  res.status(error.status).json({ error: 'invalid_request', error_description: 'The body cannot be read' });
};

/** Answers all other failures. The default handler of Express would send the stack unless `NODE_ENV` is `production`. */
const unexpectedFailures: ErrorRequestHandler = (error, _req, res, next) => {
  noteFailure(res, error);
  if (res.headersSent) return next(error);
  res.status(500).json({ error: 'server_error', error_description: 'The request failed unexpectedly' });
};
