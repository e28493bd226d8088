import type { Request, RequestHandler } from 'express';
import type { NumericDate } from '../base/clock.js';
import { MissingCredentialsError } from '../base/errors.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { passFailure } from './answer-failure.js';
import type { Middleware } from './middleware.js';
import { requestState } from './request-state.js';

/** Checks a verified token and, if needed, the request. @throws PassportJweError if the guard rejects the token. */
export type Check = (token: VerifiedToken, now: NumericDate, req: Request) => void;

/**
 * Creates a middleware that checks the verified token of a request, after `authenticate()` or Passport. It reads the
 * internal request state, never `req.user`. If no authentication ran, it rejects the request.
 */
export function guard(name: string, check: Check): Middleware {
  const warnOnce = createWarning(name);
  const handler: RequestHandler = (req, res, next) => {
    try {
      const state = requestState.read(req);
      if (state === undefined) warnOnce();
      if (state?.outcome.kind === 'refused') throw state.outcome.error;
      if (state?.outcome.kind !== 'verified') throw new MissingCredentialsError();
      check(state.outcome.token, state.acceptor.clock(), req);
    } catch (failure) {
      return passFailure({ req, res, next, guard: name }, failure);
    }
    return next();
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

/** A guard without authentication is a mistake of the developer, so a process warning reports it, not the response. */
function createWarning(name: string): () => void {
  let warned = false;
  return () => {
    if (warned) return;
    warned = true;
    process.emitWarning(
      `${name} rejected a request that was not authenticated: mount authenticate() or passport.authenticate() before it`,
      { code: 'PASSPORT_JWE_UNGUARDED' },
    );
  };
}
