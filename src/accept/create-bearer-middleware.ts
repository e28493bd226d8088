import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { MissingCredentialsError } from '../base/errors.js';
import { refuseRequest } from '../http/answer-failure.js';
import { passError } from '../http/pass-error.js';
import { type AuthenticationOutcome, requestState } from '../http/request-state.js';
import { sendNonce } from '../http/send-nonce.js';
import type { AuthenticateOptions } from './accept-options.js';
import { createAcceptor } from './acceptor.js';

interface Continuation {
  readonly res: Response;
  readonly next: NextFunction;
}

/**
 * Create the middleware of `authenticate()` and `forwardAuth()`.
 *
 * @param where function that takes the options, for error messages and debug lines
 * @throws TypeError if an option is missing or malformed
 */
export function createBearerMiddleware(options: AuthenticateOptions, where: string): RequestHandler {
  const { credentialsRequired = true, failWithError = false } = options;
  const acceptor = createAcceptor(options, where);

  const admitAnonymous = (outcome: AuthenticationOutcome): AuthenticationOutcome => {
    const isAnonymous = outcome.kind === 'refused' && outcome.error instanceof MissingCredentialsError;
    return isAnonymous && !credentialsRequired ? { kind: 'anonymous' } : outcome;
  };

  const finish = (found: AuthenticationOutcome, req: Request, { res, next }: Continuation): void => {
    const outcome = admitAnonymous(found);
    requestState.fill(req, { outcome, acceptor, failWithError });
    if ('nonce' in outcome && outcome.nonce !== undefined) sendNonce(res, outcome.nonce);
    if (outcome.kind === 'refused') {
      const { error } = outcome;
      const refuse = () => refuseRequest({ req, res, next }, error);
      acceptor
        .recordRefusal({ req, res }, error, outcome)
        .then(refuse)
        .catch((failure) => passError(next, failure));
      return;
    }
    if (outcome.kind === 'verified') acceptor.recordAcceptance(req, outcome);
    next();
  };

  const handler: RequestHandler = function authenticateBearer(req, res, next) {
    let outcome: AuthenticationOutcome | Promise<AuthenticationOutcome>;
    try {
      outcome = acceptor.accept(req);
    } catch (failure) {
      return passError(next, failure);
    }
    if (!(outcome instanceof Promise)) return finish(outcome, req, { res, next });
    outcome
      .then((settled) => finish(settled, req, { res, next }))
      .catch((failure) => passError(next, failure));
  };
  return handler;
}
