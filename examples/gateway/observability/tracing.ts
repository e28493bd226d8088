import type * as OpenTelemetry from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { onResponseFinished } from 'passport-jwe';
import { ModelApiError } from '../models/model-api-error.js';
import { answeredStatus } from './answered-status.js';
import { findRoute } from './matched-route.js';
import { isTrustedPeer } from './trusted-peer.js';

/** Span attributes by name. An undefined value is omitted. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Span of a running operation. */
export interface OperationSpan {
  setAttributes(attributes: Attributes): void;
  /** Marks the operation as failed, with an error type of bounded cardinality. */
  fail(type: string): void;
}

/** Runs a function as a child span of the active span. */
export type Traced = <Result>(
  name: string,
  attributes: Attributes,
  run: (span: OperationSpan) => Promise<Result>,
) => Promise<Result>;

/** OpenTelemetry spans, which are recorded if the application sets up the SDK. */
export interface Tracing {
  /**
   * Creates a span for each request. It is a child of the span in `traceparent` if a trusted proxy sent the request.
   * Otherwise it starts a trace and links to that span, because clients could forge the header.
   */
  readonly traceRequests: RequestHandler;
  readonly traced: Traced;
}

const NO_SPAN: OperationSpan = { setAttributes: () => {}, fail: () => {} };

/** Tracing that records no spans. */
export const noTracing: Tracing = {
  traceRequests: (_req, _res, next) => next(),
  traced: (_name, _attributes, run) => run(NO_SPAN),
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

/**
 * Creates tracing with names from the OpenTelemetry semantic conventions for HTTP, 1.23. Paths are reduced to their
 * route, because clients control them. Providers do not receive the context of the trace.
 */
function createTracing(api: typeof OpenTelemetry): Tracing {
  const tracer = api.trace.getTracer('passport-jwe-gateway');

  return {
    traceRequests(req, res, next) {
      const active = api.context.active();
      const received = api.propagation.extract(active, req.headers);
      const parent = isTrustedPeer(req) ? received : active;
      const remote = parent === active ? api.trace.getSpanContext(received) : undefined;
      const span = tracer.startSpan(
        req.method,
        {
          kind: api.SpanKind.SERVER,
          attributes: { 'http.request.method': req.method, 'url.scheme': req.protocol },
          links: remote === undefined ? [] : [{ context: remote }],
        },
        parent,
      );
      const finish = (): void => {
        const route = findRoute(req);
        const status = answeredStatus(res);
        span.setAttribute('url.path', route ?? '/REDACTED');
        if (route !== undefined) span.updateName(`${req.method} ${route}`).setAttribute('http.route', route);
        if (status !== undefined) span.setAttribute('http.response.status_code', status);
        if (status !== undefined && status >= 500) {
          span.setStatus({ code: api.SpanStatusCode.ERROR }).setAttribute('error.type', String(status));
        }
        span.end();
      };
      // Without a recording, for example without the SDK, the span only carries the context.
      if (span.isRecording()) onResponseFinished(res, finish);
      api.context.with(api.trace.setSpan(parent, span), () => next());
    },

    traced(name, attributes, run) {
      const span = tracer.startSpan(name, { kind: api.SpanKind.CLIENT, attributes });
      const fail = (type: string): void => {
        span.setStatus({ code: api.SpanStatusCode.ERROR }).setAttribute('error.type', type);
      };
      return api.context.with(api.trace.setSpan(api.context.active(), span), async () => {
        try {
          return await run({ setAttributes: (more) => void span.setAttributes(more), fail });
        } catch (failure) {
          if (!isAbort(failure)) fail(errorTypeOf(failure));
          throw failure;
        } finally {
          span.end();
        }
      });
    },
  };
}

/** Whether the client disconnected. That is not a failure of the operation. */
function isAbort(failure: unknown): boolean {
  return (
    typeof failure === 'object' && failure !== null && 'name' in failure && failure.name === 'AbortError'
  );
}

/** Returns the status or the name of an error. Its message may come from a provider. */
function errorTypeOf(failure: unknown): string {
  if (failure instanceof ModelApiError) return String(failure.detail.status);
  return failure instanceof Error ? failure.name : '_OTHER';
}
