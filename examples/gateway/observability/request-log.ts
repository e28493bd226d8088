import type { RequestHandler } from 'express';
import { findTokenClient, findVerifiedToken, onResponseFinished } from 'passport-jwe';
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino';
import type { CompletionListener } from '../models/completion-record.js';
import { answeredStatus } from './answered-status.js';
import { batchLines } from './batch-lines.js';
import { matchedRoute } from './matched-route.js';
import { describeNotedFailure } from './noted-failures.js';
import { requestIdOf, traceIdOf } from './request-id.js';

/** Redacted headers, in case a future log line contains headers. */
const REDACTED = ['authorization', 'cookie', '["x-api-key"]', '["set-cookie"]'];

/** Creates the logger. By default, it writes to standard error to keep standard output readable. */
export function createLogger(
  destination: DestinationStream = batchLines(2),
  level: LevelWithSilent = 'info',
): Logger {
  const paths = ['headers', 'req.headers', 'res.headers'].flatMap((where) =>
    REDACTED.map((name) => (name.startsWith('[') ? `${where}${name}` : `${where}.${name}`)),
  );
  return pino({ name: 'gateway', level, redact: [...REDACTED, ...paths] }, destination);
}

/** Logs one line for each finished request. The line omits the path, because the client controls its content. */
export function logRequests(logger: Logger): RequestHandler {
  return function logRequest(req, res, next) {
    const startedAt = performance.now();
    // Read now, because a closed connection no longer has the client address.
    const { ip } = req;
    const traceId = traceIdOf(req);
    onResponseFinished(res, () => {
      const status = answeredStatus(res);
      const line = {
        request_id: requestIdOf(res),
        trace_id: traceId,
        method: req.method,
        route: matchedRoute(req),
        status,
        duration_ms: Math.round(performance.now() - startedAt),
        client_id: findVerifiedToken(req)?.claims.client_id ?? findTokenClient(req),
        ip,
        failure: describeNotedFailure(res),
        cut_short: res.writableFinished ? undefined : true,
      };
      logger[status !== undefined && status >= 500 ? 'warn' : 'info'](line, 'request');
    });
    next();
  };
}

/** Logs one line for the outcome of each request to a model. */
export function logCompletions(logger: Logger): CompletionListener {
  return (record) => {
    logger.info(
      {
        request_id: record.requestId,
        client_id: record.clientId,
        subject: record.subject,
        model: record.model,
        input_tokens: record.inputTokens,
        output_tokens: record.outputTokens,
        cached_tokens: record.cachedTokens,
        reasoning_tokens: record.reasoningTokens,
        provider_request_id: record.providerRequestId,
        outcome: record.outcome,
        duration_ms: Math.round(record.durationMs),
      },
      'completion',
    );
  };
}
