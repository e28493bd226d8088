import { setTimeout as pause } from 'node:timers/promises';
import {
  type AuditTrail,
  createLimits,
  createRevocations,
  createSteadyClock,
  type Limits,
  type SteadyClock,
  type WatchedApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import { createApp, type Service } from './app.js';
import { type Closeable, closeAll } from './close-all.js';
import { openDataDirectory } from './data-directory.js';
import { createEchoModel } from './echo/create-echo-model.js';
import { describeHealth } from './health/health-report.js';
import { openHealth } from './health/open-health.js';
import { watchKeySource } from './health/watch-key-source.js';
import { connectProviders } from './models/connect-providers.js';
import { combineObservers, type Observers } from './observability/observers.js';
import { fillShares, fillWarnings } from './observability/revocation-fill.js';
import { serveMetrics } from './observability/serve-metrics.js';
import { openKeys } from './open-keys.js';
import { openStores } from './open-stores.js';
import { connectUpstream } from './proxy/connect-upstream.js';
import { createGatewayServer, type GatewayServer } from './server.js';
import type { Settings } from './settings.js';

/** Running gateway. */
export interface Gateway {
  /** Origin on which the gateway listens. */
  readonly origin: string;
  /** Origin of the metrics endpoint, or `undefined` if metrics are disabled. */
  readonly metricsOrigin: string | undefined;
  /** API key of the sample configuration, or `undefined` if the gateway uses a different configuration. */
  readonly demoApiKey: string | undefined;
  /** Stops accepting connections, waits for running requests and closes all resources. */
  close(): Promise<void>;
}

/** Opens all resources and starts the server. Issuer and audience default to the origin on which the server listens. */
export async function startGateway(
  settings: Settings,
  audit: AuditTrail,
  observers: Observers = {},
): Promise<Gateway> {
  const opened: Closeable[] = [];
  const keep = <Kept extends Closeable>(kept: Kept): Kept => {
    opened.unshift(kept);
    return kept;
  };

  try {
    const metrics = keep(await openMetrics(settings, observers));
    const demoApiKey = settings.isSample ? await chooseDemoApiKey(settings) : undefined;
    const clock = watchClock(observers);
    const stores = keep(await openStores(settings, audit, clock));
    const revocations = createRevocations({ stores, audit, clock });
    const keySource = watchKeySource(audit);
    const { keyRing } = keep(await openKeys(settings, stores, { audit: keySource.audit, clock }));
    const apiKeys = keep(await watchKeys(settings, demoApiKey, { revocations, audit, clock }));
    const limits = createLimits({ stores, apiKeys, onStoreFailure: settings.onStoreFailure, audit, clock });
    const echo = keep(createEchoModel());
    const dispatcher = keep(connectProviders(settings));
    const proxyDispatcher = keep(connectUpstream(settings));
    keep({ close: () => drain(limits) });
    const { usesRedis: isShared, onStoreFailure, redisTimeoutMs: timeoutMs } = settings;
    const use = { isShared, onStoreFailure, timeoutMs };
    const { logger } = observers;
    const health = keep(await openHealth(use, { stores, clock, keySource, logger }));
    const server = createGatewayServer(settings);
    const origin = await server.listen();
    const serving = keep({ close: () => server.abort() });

    const { issuer = origin, audience = origin, publicUrl = issuer } = settings;
    const { previousIssuers = [] } = settings;
    const service = { keyRing, issuer, previousIssuers, audience, revocations, audit, clock };
    const reportHealth = () => {
      const report = describeHealth(health.read(), server);
      return { ...report, warnings: [...report.warnings, ...fillWarnings(revocations.fill)] };
    };
    const observation = combineObservers(observers);
    observers.metrics?.observe({
      replicaAgeSeconds: () => revocations.ageSeconds,
      revocationFill: () => fillShares(revocations.fill),
      runningAdmissions: () => limits.running,
      configurationProblems: () => apiKeys.state.error?.problems.length ?? 0,
      modelNames: () => listModelNames(apiKeys),
      isReady: () => reportHealth().checks,
      keyRing,
      dataDirectory: isShared ? undefined : settings.dataDir,
    });
    const models = { ...observation, dispatcher, echoOrigin: () => echo.origin() };
    const parts = {
      ...{ settings, publicUrl, apiKeys, stores, limits, models, proxyDispatcher, observation },
      reportHealth,
    };
    const app = createApp(service, parts);
    server.serve(app);
    serving.close = () => closeServer(server, observers);

    return {
      origin,
      metricsOrigin: metrics.origin,
      demoApiKey,
      close: () => closeAll(opened),
    };
  } catch (failure) {
    await closeAll(opened).catch((err: unknown) =>
      observers.logger?.warn({ err }, 'some resources could not be closed after the failed start'),
    );
    throw failure;
  }
}

async function closeServer(server: GatewayServer, { logger }: Observers): Promise<void> {
  const cutOff = await server.close();
  if (cutOff > 0) logger?.warn({ cut_off: cutOff }, 'requests were aborted at the shutdown timeout');
}

/** Timeout in milliseconds for releasing slots at shutdown. Remaining slots are released when their leases expire. */
const DRAIN_TIMEOUT_MS = 5000;

async function drain(limits: Limits): Promise<void> {
  await Promise.race([limits.drain(), pause(DRAIN_TIMEOUT_MS, undefined, { ref: false })]);
}

/** Creates a clock that tolerates changes to the system time: expired tokens stay expired after a step back. */
function watchClock({ logger }: Observers): SteadyClock {
  return createSteadyClock({
    onStep: ({ seconds }) => logger?.warn({ step_seconds: seconds }, 'the system time was changed'),
  });
}

async function openMetrics(
  { metricsHost: host, metricsPort: port }: Settings,
  { metrics }: Observers,
): Promise<Closeable & { readonly origin: string | undefined }> {
  if (metrics === undefined || port === undefined) return { origin: undefined, close: () => undefined };
  return serveMetrics(metrics.registry, { host, port });
}

function listModelNames({ apiKeys }: WatchedApiKeys): readonly string[] {
  return apiKeys.flatMap(({ models }) => models.map(({ name }) => name));
}

/** Watches the API keys. `SIGHUP` reloads them, except in a terminal, which sends `SIGHUP` when it closes. */
function watchKeys(
  { apiKeysDir: directory }: Settings,
  demoApiKey: string | undefined,
  parts: Pick<Service, 'revocations' | 'audit' | 'clock'>,
): Promise<WatchedApiKeys> {
  const environment = { ...process.env, DEMO_API_KEY: demoApiKey };
  return watchApiKeys({ ...parts, directory, environment, sighup: !process.stdin.isTTY });
}

async function chooseDemoApiKey(settings: Settings): Promise<string> {
  return settings.demoApiKey ?? openDataDirectory(settings.dataDir).demoApiKey();
}
