import type { ErrorRequestHandler, Request, Response } from 'express';
import type { AuditTrail } from '../audit/record.js';
import {
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  PassportJweError,
} from '../base/errors.js';
import { NO_STORE } from '../http/no-store.js';
import { readIp } from '../http/request-ip.js';
import { findClient } from './authenticate-client.js';
import { challengeScheme } from './read-client-credentials.js';

/** Answers failures of the token endpoint (RFC 6749 section 5.2); faults of the program are passed on. */
export function answerTokenError(audit: AuditTrail): ErrorRequestHandler {
  const answer = async (error: PassportJweError, req: Request, res: Response): Promise<void> => {
    await recordRefusal(audit, req, error);
    res.status(error.status).set({ ...NO_STORE, ...error.headers, ...challengeOf(error, req) });
    res.json({ error: error.error, error_description: error.message });
  };

  return function answerTokenFailure(failure: unknown, req, res, next) {
    if (res.headersSent) return next(failure);
    if (!(failure instanceof PassportJweError)) return next(failure);
    if (!isAnswerable(failure)) return next(new Error('A claims hook threw this', { cause: failure }));
    answer(failure, req, res).catch(next);
  };
}

/** Failures of the resource side have no place here: a hook that throws one is a fault of the program. */
function isAnswerable(error: PassportJweError): boolean {
  if (error instanceof InvalidClientError) return true;
  return error.error !== undefined && error.status !== 401 && error.status !== 403;
}

/** A client that failed to authenticate is challenged; RFC 9110 section 15.5.2 wants it on every 401. */
function challengeOf(error: PassportJweError, req: Request): Record<string, string> {
  if (!(error instanceof InvalidClientError)) return {};
  return { 'WWW-Authenticate': `${challengeScheme(req.headersDistinct['authorization'])} realm="token"` };
}

async function recordRefusal(audit: AuditTrail, req: Request, error: PassportJweError): Promise<void> {
  const client = findClient(req);
  const reason = reasonOf(error);
  await audit.record({
    type: 'issuance.refused',
    code: error.code,
    ...(reason === undefined ? {} : { reason }),
    ...(client === undefined ? {} : { clientId: client.apiKey.keyId }),
    ...(client?.isPublic === true ? { clientAsserted: true } : {}),
    ...readIp(req),
  });
}

function reasonOf(error: PassportJweError) {
  const isReasoned =
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidRequestError;
  return isReasoned ? error.reason : undefined;
}
