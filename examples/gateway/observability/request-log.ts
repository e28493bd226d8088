import type { RequestHandler } from 'express';
import { findVerifiedToken, onResponseFinished } from 'passport-jwe';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { CompletionListener } from '../models/completion-record.js';
import { answeredStatus } from './answered-status.js';
import { matchedRoute } from './matched-route.js';
import { describeNotedFailure } from './noted-failures.js';
import { requestIdOf } from './request-id.js';

/** Nothing here logs headers. Should anyone ever do so, these stay out. */
const REDACTED = ['authorization', 'cookie', '["x-api-key"]', '["set-cookie"]'];

/** The log goes to standard error by default, so that what is meant for people stays readable. */
export function createLogger(destination: DestinationStream = pino.destination(2)): Logger {
  const paths = ['headers', 'req.headers', 'res.headers'].flatMap((where) =>
    REDACTED.map((name) => (name.startsWith('[') ? `${where}${name}` : `${where}.${name}`)),
  );
  return pino({ name: 'gateway', redact: [...REDACTED, ...paths] }, destination);
}

/** One line a request, when it has ended. The path is not in it: it is the client's text. */
export function logRequests(logger: Logger): RequestHandler {
  return function logRequest(req, res, next) {
    const startedAt = performance.now();
    // A connection that has ended does not tell any more whose it was.
    const { ip } = req;
    onResponseFinished(res, () => {
      const token = findVerifiedToken(req);
      const status = answeredStatus(res);
      const line = {
        request_id: requestIdOf(res),
        method: req.method,
        route: matchedRoute(req),
        status,
        duration_ms: Math.round(performance.now() - startedAt),
        client_id: token?.claims.client_id,
        ip,
        failure: describeNotedFailure(res),
        ...(res.writableFinished ? {} : { cut_short: true }),
      };
      logger[status !== undefined && status >= 500 ? 'warn' : 'info'](line, 'request');
    });
    next();
  };
}

/** One line for what became of each request to a model. */
export function logCompletions(logger: Logger): CompletionListener {
  return (record) => {
    logger.info(
      {
        request_id: record.requestId,
        client_id: record.clientId,
        model: record.model,
        input_tokens: record.inputTokens,
        output_tokens: record.outputTokens,
        outcome: record.outcome,
        duration_ms: Math.round(record.durationMs),
      },
      'completion',
    );
  };
}
