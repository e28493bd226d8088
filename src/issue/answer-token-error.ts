import type { ErrorRequestHandler, Request } from 'express';
import type { AuditTrail } from '../audit/record.js';
import { debugRejection } from '../base/debug-rejection.js';
import {
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  PassportJweError,
} from '../base/errors.js';
import { NO_STORE } from '../http/no-store.js';
import { challengeScheme } from './read-client-credentials.js';
import { describeClient } from './request-client.js';

/**
 * Error handler of every endpoint: records an audit event for the rejected request and answers it (RFC 6749 §5.2).
 * Programming errors go to the next error handler.
 */
export function answerTokenError(audit: AuditTrail): ErrorRequestHandler {
  return function answerTokenFailure(failure: unknown, req, res, next) {
    if (res.headersSent) return next(failure);
    if (!(failure instanceof PassportJweError)) return next(failure);
    if (!isAnswerable(failure)) return next(new Error(UNANSWERABLE, { cause: failure }));
    debugRejection(`tokenRouter ${req.method} ${req.path}`, failure);
    audit
      .record({ type: 'issuance.refused', code: failure.code, ...reasonOf(failure), ...describeClient(req) })
      .then(() => {
        res.status(failure.status).set({ ...NO_STORE, ...failure.headers, ...challengeOf(failure, req) });
        res.json({ error: failure.error, error_description: failure.message });
      })
      .catch(next);
  };
}

const UNANSWERABLE =
  'The claims hook threw an error of resource servers, which a token endpoint cannot answer';

/** A claims hook that throws an error of resource servers is a programming error. */
function isAnswerable(error: PassportJweError): boolean {
  if (error instanceof InvalidClientError) return true;
  return error.error !== undefined && error.status !== 401 && error.status !== 403;
}

/** RFC 9110 §15.5.2 requires a challenge on every 401. */
function challengeOf(error: PassportJweError, req: Request): Record<string, string> {
  if (!(error instanceof InvalidClientError)) return {};
  return { 'WWW-Authenticate': `${challengeScheme(req.headersDistinct['authorization'])} realm="token"` };
}

function reasonOf(error: PassportJweError) {
  const isReasoned =
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidRequestError;
  return isReasoned && error.reason !== undefined ? { reason: error.reason } : {};
}
