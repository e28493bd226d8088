import type { Request, RequestHandler } from 'express';
import type { NumericDate } from '../base/clock.js';
import { MissingCredentialsError } from '../base/errors.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { passFailure } from './answer-failure.js';
import type { Middleware } from './middleware.js';
import { passError } from './pass-error.js';
import { requestState } from './request-state.js';
import { hasUser } from './user-scope.js';

/**
 * Checks a verified token and, if needed, its request. Returns a promise only if the check is asynchronous.
 *
 * @throws PassportJweError (or as rejection) if the guard rejects the token
 */
export type Check = (token: VerifiedToken, now: NumericDate, req: Request) => Promise<void> | undefined;

/**
 * Create a middleware that checks the verified token of a request, after `authenticate()` or Passport. It reads the
 * internal request state, never `req.user`. If no authentication ran, it rejects the request with 401.
 *
 * After a synchronous check, the next handler runs synchronously.
 *
 * @param scope scope that the guard requires, for the challenge of requests without a token (RFC 6750 §3)
 */
export function guard(name: string, check: Check, scope?: string): Middleware {
  const warn = createWarning(name);
  const handler: RequestHandler = (req, res, next) => {
    let pending: Promise<void> | undefined;
    try {
      const state = requestState.read(req);
      if (state?.outcome.kind !== 'verified') warn(req);
      if (state?.outcome.kind === 'refused') throw state.outcome.error;
      if (state?.outcome.kind !== 'verified') throw new MissingCredentialsError(undefined, scope);
      pending = check(state.outcome.token, state.acceptor.clock(), req);
    } catch (failure) {
      return passFailure({ req, res, next, guard: name }, failure);
    }
    if (pending === undefined) return next();
    pending
      .then(
        () => next(),
        (failure) => passFailure({ req, res, next, guard: name }, failure),
      )
      .catch((failure) => passError(next, failure));
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

/** Create a function that warns once about a missing authentication. The response does not reveal this mistake. */
function createWarning(name: string): (req: Request) => void {
  let warned = false;
  return (req) => {
    const cause = describeMistake(req);
    if (warned || cause === undefined) return;
    warned = true;
    process.emitWarning(`${name} rejected a request ${cause}`, { code: 'PASSPORT_JWE_UNGUARDED' });
  };
}

/** Return the cause and the remedy of a mistake in the application, or `undefined` for a rejected token. */
function describeMistake(req: Request): string | undefined {
  if (hasUser(req)) {
    return 'that another Passport strategy or middleware authenticated: guards accept only tokens that authenticate() or JweStrategy verified, so mount scopeFromUser() before requireScope() and requireAnyScope()';
  }
  return requestState.read(req) === undefined
    ? 'because no authentication ran: mount authenticate() or passport.authenticate() before the guard'
    : undefined;
}
