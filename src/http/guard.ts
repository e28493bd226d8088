import type { Request, RequestHandler } from 'express';
import type { NumericDate } from '../base/clock.js';
import { MissingCredentialsError } from '../base/errors.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { passFailure } from './answer-failure.js';
import type { Middleware } from './middleware.js';
import { requestState } from './request-state.js';

/** Looks at a verified token and, where it must, at the request. @throws PassportJweError where the token may not pass. */
export type Check = (token: VerifiedToken, now: NumericDate, req: Request) => void;

/**
 * A middleware that lets a request pass whose verified token passes the check. It reads the privately kept
 * result, never `req.user`, works after either kind of authentication, and lets nothing pass where none ran.
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
      return passFailure({ req, res, next }, failure);
    }
    return next();
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

/** Most likely a mistake, which the client must not be told of and the developer must. */
function createWarning(name: string): () => void {
  let warned = false;
  return () => {
    if (warned) return;
    warned = true;
    process.emitWarning(
      `${name} refused a request that no authentication of passport-jwe saw; mount authenticate() or passport.authenticate() before it`,
      { code: 'PASSPORT_JWE_UNGUARDED' },
    );
  };
}
