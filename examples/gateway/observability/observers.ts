import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { CompletionListener } from '../models/completion-record.js';
import type { Metrics } from './metrics.js';
import { logCompletions, logRequests } from './request-log.js';
import { noTracing, type Tracing } from './tracing.js';

/** Logger, metrics and tracing of a gateway. All are optional. */
export interface Observers {
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing;
  readonly onCompletion?: CompletionListener;
}

/** Combined observers, as the gateway calls them. */
export interface Observation {
  /** Middleware that runs first for each request. */
  readonly middleware: readonly RequestHandler[];
  readonly traced: Tracing['traced'];
  readonly onCompletion: CompletionListener;
  timeAuthentication(authentication: RequestHandler): RequestHandler;
}

/** Combines the optional observers. A missing observer has no effect. */
export function combineObservers({ logger, metrics, tracing, onCompletion }: Observers): Observation {
  const listeners = [onCompletion, metrics?.onCompletion, logger && logCompletions(logger)];
  const middleware = [tracing?.traceRequests, metrics?.countRequests, logger && logRequests(logger)];
  return {
    middleware: middleware.filter((handler) => handler !== undefined),
    traced: (tracing ?? noTracing).traced,
    onCompletion: (record) => {
      for (const listener of listeners) listener?.(record);
    },
    timeAuthentication: (authentication) => metrics?.timeAuthentication(authentication) ?? authentication,
  };
}
