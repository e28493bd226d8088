import type { RequestHandler } from 'express';
import { type KeyRing, onResponseFinished } from 'passport-jwe';
import type { AuditSink } from 'passport-jwe/audit';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CompletionListener } from '../models/completion-record.js';
import { answeredStatus } from './answered-status.js';
import { countAuditRecords } from './count-audit-records.js';
import { countCompletions } from './count-completions.js';
import { durationBuckets } from './duration-buckets.js';
import { matchedRoute } from './matched-route.js';
import { observeDisk } from './observe-disk.js';
import { observeKeys } from './observe-keys.js';
import { publishBuildInfo } from './publish-build-info.js';
import { requestSeries } from './request-series.js';
import { type FillShares, fillShares } from './revocation-fill.js';

/** Values that the metrics read at each scrape. */
export interface Observed {
  /** Age of the local revocation replica, in seconds. */
  replicaAgeSeconds(): number;
  /** Fill ratios of the revocation store. Default: reported as 0. */
  revocationFill?(): FillShares;
  runningAdmissions(): number;
  /** Number of problems in the current API key files. */
  configurationProblems(): number;
  /** Names of the configured models. */
  modelNames(): Iterable<string>;
  /** Results of the readiness checks, by name. */
  isReady?(): Readonly<Record<string, boolean>>;
  /** Key ring whose versions are published. */
  readonly keyRing?: KeyRing;
  /** Directory of the embedded store. Default: the gateway does not use the embedded store. */
  readonly dataDirectory?: string | undefined;
}

/** Prometheus metrics of a gateway, in a separate registry. All labels have bounded cardinality. */
export interface Metrics {
  readonly registry: Registry;
  /** Audit sink that derives metrics from audit events. */
  readonly sink: AuditSink;
  readonly onCompletion: CompletionListener;
  /** Counts records that an audit sink did not accept: `onSinkError` of `createAuditTrail()`. */
  readonly onSinkError: () => void;
  /** Middleware that counts requests and measures their duration. */
  readonly countRequests: RequestHandler;
  /** Wraps authentication middleware to measure its duration: the decryption of the token and all checks. */
  timeAuthentication(authentication: RequestHandler): RequestHandler;
  observe(observed: Observed): void;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Interval in milliseconds at which the delay of the event loop is measured. The default of 10 ms wakes an idle gateway
 * twice as often.
 */
const EVENT_LOOP_PRECISION_MS = 20;

/** Creates the metrics of a gateway. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  publishBuildInfo(registry);

  const requests = new Counter({
    name: 'gateway_http_requests_total',
    help: 'Requests by response status; the status is none if the client disconnected',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'gateway_http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response',
    labelNames: ['route'],
    buckets: durationBuckets(),
    registers,
  });
  const authentications = new Histogram({
    name: 'gateway_authentication_duration_seconds',
    help: 'Time to decrypt and verify a token',
    buckets: [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers,
  });
  const auditFailures = new Counter({
    name: 'gateway_audit_failures_total',
    help: 'Audit records that a sink did not accept',
    registers,
  });
  let modelNames = (): Iterable<string> => [];
  const completions = countCompletions(registry, () => modelNames());

  for (const labels of requestSeries()) {
    requests.inc(labels, 0);
    durations.zero({ route: labels.route });
  }

  return {
    registry,
    sink: countAuditRecords(registry),

    onCompletion: completions,
    onSinkError: () => auditFailures.inc(),

    countRequests(req, res, next) {
      const stop = durations.startTimer();
      onResponseFinished(res, () => {
        const route = matchedRoute(req);
        const method = METHODS.has(req.method) ? req.method : 'other';
        stop({ route });
        requests.inc({ route, method, status: answeredStatus(res) ?? 'none' });
      });
      next();
    },

    timeAuthentication(authentication) {
      return (req, res, next) => {
        const stop = authentications.startTimer();
        let isTimed = false;
        const stopOnce = (): void => {
          if (!isTimed) stop();
          isTimed = true;
        };
        // The authentication middleware answers a rejected request without a call of next().
        const forget = onResponseFinished(res, stopOnce);
        authentication(req, res, (failure?: unknown) => {
          forget();
          stopOnce();
          next(failure);
        });
      };
    },

    observe(observed) {
      modelNames = observed.modelNames;
      const gauge = (name: string, help: string, read: () => number): void => {
        const created: Gauge = new Gauge({ name, help, registers, collect: () => created.set(read()) });
      };
      gauge(
        'gateway_revocations_age_seconds',
        'Age of the local revocation replica',
        observed.replicaAgeSeconds,
      );
      const readFill = (): FillShares => observed.revocationFill?.() ?? fillShares(undefined);
      gauge(
        'gateway_revocations_fill_ratio',
        'Entries of the revocation store as a share of its bound',
        () => readFill().store,
      );
      gauge(
        'gateway_revocations_client_fill_ratio',
        'Largest number of entries of an API key, as a share of the bound at which they are folded',
        () => readFill().client,
      );
      gauge(
        'gateway_admissions_running',
        'Requests that currently count against the limits',
        observed.runningAdmissions,
      );
      gauge(
        'gateway_configuration_problems',
        'Current problems in the API-key files',
        observed.configurationProblems,
      );
      const ready: Gauge<'check'> = new Gauge({
        name: 'gateway_ready',
        help: '1 if the readiness check passes',
        labelNames: ['check'],
        registers,
        collect() {
          for (const [check, passes] of Object.entries(observed.isReady?.() ?? {}))
            ready.set({ check }, Number(passes));
        },
      });
      if (observed.keyRing !== undefined) observeKeys(registry, observed.keyRing);
      if (observed.dataDirectory !== undefined) observeDisk(registry, observed.dataDirectory);
    },
  };
}
