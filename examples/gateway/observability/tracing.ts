import type * as OpenTelemetry from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { onResponseFinished } from 'passport-jwe';
import { answeredStatus } from './answered-status.js';
import { findRoute } from './matched-route.js';
import { isTrustedPeer } from './trusted-peer.js';

/** Span attributes by name. */
export type Attributes = Readonly<Record<string, string | number>>;

/** Runs a function as a child span of the active span. */
export type Traced = <Result>(
  name: string,
  attributes: Attributes,
  run: () => Promise<Result>,
) => Promise<Result>;

/** OpenTelemetry spans, which are recorded if the application sets up the SDK. */
export interface Tracing {
  /** Creates a span for each request, as a child of the span in `traceparent` if a trusted proxy sent the request. */
  readonly traceRequests: RequestHandler;
  readonly traced: Traced;
}

/** Tracing that records no spans. */
export const noTracing: Tracing = {
  traceRequests: (_req, _res, next) => next(),
  traced: (_name, _attributes, run) => run(),
};

/** Loads tracing. Returns `undefined` if `@opentelemetry/api` is not installed. */
export async function loadTracing(): Promise<Tracing> {
  try {
    return createTracing(await import('@opentelemetry/api'));
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'ERR_MODULE_NOT_FOUND')
      return noTracing;
    throw failure;
  }
}

/** Creates tracing with span and attribute names from the OpenTelemetry semantic conventions for HTTP, 1.23. */
function createTracing(api: typeof OpenTelemetry): Tracing {
  const tracer = api.trace.getTracer('passport-jwe-gateway');

  return {
    traceRequests(req, res, next) {
      const carrier = isTrustedPeer(req) ? req.headers : {};
      const parent = api.propagation.extract(api.context.active(), carrier);
      const attributes = { 'http.request.method': req.method, 'url.path': req.path };
      const span = tracer.startSpan(req.method, { kind: api.SpanKind.SERVER, attributes }, parent);
      onResponseFinished(res, () => {
        const route = findRoute(req);
        const status = answeredStatus(res);
        if (route !== undefined) span.updateName(`${req.method} ${route}`).setAttribute('http.route', route);
        if (status !== undefined) span.setAttribute('http.response.status_code', status);
        if (status !== undefined && status >= 500) {
          span.setStatus({ code: api.SpanStatusCode.ERROR }).setAttribute('error.type', String(status));
        }
        span.end();
      });
      api.context.with(api.trace.setSpan(parent, span), () => next());
    },

    traced(name, attributes, run) {
      const span = tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes });
      return api.context.with(api.trace.setSpan(api.context.active(), span), async () => {
        try {
          return await run();
        } catch (failure) {
          // Records only the error type, because the message may come from a provider.
          span.setStatus({ code: api.SpanStatusCode.ERROR });
          span.setAttribute('error.type', failure instanceof Error ? failure.name : 'unknown');
          throw failure;
        } finally {
          span.end();
        }
      });
    },
  };
}
