import type { RequestHandler } from 'express';
import { onResponseFinished } from 'passport-jwe';
import type { AuditSink } from 'passport-jwe/audit';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CompletionListener } from '../models/completion-record.js';
import { answeredStatus } from './answered-status.js';
import { countAuditRecords } from './count-audit-records.js';
import { matchedRoute } from './matched-route.js';
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
  isConfiguredModel(name: string): boolean;
}

/** Prometheus metrics of a gateway, in a separate registry. All labels have bounded cardinality. */
export interface Metrics {
  readonly registry: Registry;
  /** Audit sink that derives metrics from audit events. */
  readonly sink: AuditSink;
  readonly onCompletion: CompletionListener;
  /** Middleware that counts requests and measures their duration. */
  readonly countRequests: RequestHandler;
  /** Wraps authentication middleware to measure its duration: the decryption of the token and all checks. */
  timeAuthentication(authentication: RequestHandler): RequestHandler;
  observe(observed: Observed): void;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Creates the metrics of a gateway. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

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
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120],
    registers,
  });
  const authentications = new Histogram({
    name: 'gateway_authentication_duration_seconds',
    help: 'Time to decrypt and verify a token',
    buckets: [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1],
    registers,
  });
  const completions = new Counter({
    name: 'gateway_completions_total',
    help: 'Requests to models, by outcome',
    labelNames: ['model', 'outcome'],
    registers,
  });
  const modelTokens = new Counter({
    name: 'gateway_model_tokens_total',
    help: 'Model tokens used, by kind (input or output)',
    labelNames: ['model', 'kind'],
    registers,
  });
  const partOfTokens = (name: string, help: string): Counter<'model'> =>
    new Counter({ name, help, labelNames: ['model'], registers });
  const cachedTokens = partOfTokens(
    'gateway_model_cached_tokens_total',
    'Input tokens that providers read from a cache; part of gateway_model_tokens_total',
  );
  const reasoningTokens = partOfTokens(
    'gateway_model_reasoning_tokens_total',
    'Output tokens for reasoning; part of gateway_model_tokens_total',
  );
  let isConfiguredModel = (_name: string): boolean => false;

  return {
    registry,
    sink: countAuditRecords(registry),

    onCompletion({ model: name, outcome, ...usage }) {
      const model = isConfiguredModel(name) ? name : 'other';
      completions.inc({ model, outcome });
      modelTokens.inc({ model, kind: 'input' }, usage.inputTokens);
      modelTokens.inc({ model, kind: 'output' }, usage.outputTokens);
      cachedTokens.inc({ model }, usage.cachedTokens ?? 0);
      reasoningTokens.inc({ model }, usage.reasoningTokens ?? 0);
    },

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
      isConfiguredModel = observed.isConfiguredModel;
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
    },
  };
}
