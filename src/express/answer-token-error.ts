import type { ErrorRequestHandler, Request } from 'express';
import type { AuditTrail } from '../audit/record.js';
import { InvalidClientError, InvalidRequestError, JweError } from '../errors.js';
import { challengeScheme } from '../grants/read-client-credentials.js';
import { findClient, NO_STORE } from './exchange-token.js';

/** Answers failures of the token endpoint (RFC 6749 section 5.2); faults of the program are passed on. */
export function answerTokenError(audit: AuditTrail): ErrorRequestHandler {
  return function answerTokenFailure(failure: unknown, req, res, next) {
    const error = toFailure(failure);
    if (error === undefined || res.headersSent) return next(failure);
    recordRefusal(audit, req, error).then(() => {
      res.status(error.status).set({ ...NO_STORE, ...error.headers, ...challengeOf(error, req) });
      res.json({ error: error.error, error_description: error.message });
    }, next);
  };
}

/** What the body parsers report (a body too large, cut off, not JSON, in an unknown encoding) becomes ours. */
function toFailure(failure: unknown): JweError | undefined {
  if (failure instanceof JweError) return failure.error === undefined ? undefined : failure;
  if (!(failure instanceof Error) || !('status' in failure)) return undefined;
  if (failure.status === 413) return new InvalidRequestError('The body is too large', { status: 413 });
  if (failure.status === 415)
    return new InvalidRequestError('The encoding of the body is not supported', { status: 415 });
  if (failure.status === 400) return new InvalidRequestError('The body cannot be parsed');
  return undefined;
}

/** A client that failed to authenticate is challenged; RFC 9110 section 15.5.2 wants it on every 401. */
function challengeOf(error: JweError, req: Request): Record<string, string> {
  if (!(error instanceof InvalidClientError)) return {};
  return { 'WWW-Authenticate': `${challengeScheme(req.headersDistinct['authorization'])} realm="token"` };
}

async function recordRefusal(audit: AuditTrail, req: Request, error: JweError): Promise<void> {
  const client = findClient(req);
  await audit.record({
    type: 'issuance.refused',
    code: error.code,
    ...(error instanceof InvalidClientError ? { reason: error.reason } : {}),
    ...(client === undefined ? {} : { clientId: client.keyId }),
    ...(req.ip === undefined ? {} : { ip: req.ip }),
  });
}
