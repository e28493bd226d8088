import type { ErrorRequestHandler, Request } from 'express';
import type { AuditTrail } from '../audit/record.js';
import { debugRejection } from '../base/debug-rejection.js';
import { PassportJweError } from '../base/errors.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import { NO_STORE } from '../http/no-store.js';
import { passError } from '../http/pass-error.js';
import { readFields } from '../http/read-fields.js';
import { createRejectionHook, type OnRejected } from '../http/rejection-hook.js';
import { describeRefusal } from './describe-refusal.js';
import { challengeScheme } from './read-client-credentials.js';
import { describeClient } from './request-client.js';

/** Observers of rejected token requests. */
interface TokenErrorParts {
  readonly audit: AuditTrail;
  readonly onRejected: OnRejected | undefined;
}

/**
 * Create the error handler of all endpoints. It records an audit event for the rejected request, and sends the error
 * response (RFC 6749 §5.2). It passes programming errors to the next error handler.
 */
export function answerTokenError({ audit, onRejected }: TokenErrorParts): ErrorRequestHandler {
  const callOnRejected = createRejectionHook(onRejected, 'tokenRouter');
  return function answerTokenFailure(failure: unknown, req, res, next) {
    if (res.headersSent) return next(failure);
    if (!(failure instanceof PassportJweError)) return next(failure);
    if (!isAnswerable(failure)) return next(new Error(UNANSWERABLE, { cause: failure }));
    debugRejection(`tokenRouter ${req.method} ${req.path}`, failure);
    audit
      .record({ ...describeRefusal(failure), ...describeClient(req) })
      .then(() => {
        callOnRejected({ req, res }, failure);
        if (res.headersSent) return;
        res.status(failure.status).set({ ...NO_STORE, ...failure.headers, ...challengeOf(failure, req) });
        res.json({ error: failure.error, error_description: failure.message });
      })
      .catch((other) => passError(next, other));
  };
}

const UNANSWERABLE =
  'tokenRouter: the claims hook threw an error that only resource servers send: throw an InvalidRequestError instead';

/** Return whether token endpoints send this error. Only a faulty claims hook throws errors of resource servers. */
function isAnswerable(error: PassportJweError): boolean {
  if (error instanceof InvalidClientError) return true;
  return error.error !== undefined && error.status !== 401 && error.status !== 403;
}

/** Return the challenge that every 401 response requires (RFC 9110 §15.5.2). */
function challengeOf(error: PassportJweError, req: Request): Record<string, string> {
  if (!(error instanceof InvalidClientError)) return {};
  return { 'WWW-Authenticate': `${challengeScheme(readFields(req, 'authorization'))} realm="token"` };
}
