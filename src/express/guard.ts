import type { RequestHandler } from 'express';
import type { VerifiedToken } from '../claims/verified-token.js';
import type { NumericDate } from '../clock.js';
import { JweError, MissingCredentialsError } from '../errors.js';
import { refuseRequest } from './answer-failure.js';
import { readState } from './request-state.js';

/** Looks at a verified token. @throws JweError where the token may not pass. */
export type Check = (token: VerifiedToken, now: NumericDate) => void;

/**
 * A middleware that lets a request pass whose verified token passes the check. It reads the privately kept
 * result, never `req.user`, works after either kind of authentication, and lets nothing pass where none ran.
 */
export function guard(name: string, check: Check): RequestHandler {
  const handler: RequestHandler = (req, res, next) => {
    try {
      const state = readState(req);
      if (state?.outcome.kind !== 'verified') throw notAuthenticated();
      check(state.outcome.token, state.acceptor.clock());
    } catch (failure) {
      if (!(failure instanceof JweError)) return next(failure);
      return void refuseRequest({ req, res, next }, failure).catch(next);
    }
    return next();
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

/** The cause is for developers; the client gets the plain challenge. */
function notAuthenticated(): MissingCredentialsError {
  return new MissingCredentialsError(
    new Error('Mount authenticate() or passport.authenticate() before this guard'),
  );
}
