import type { ErrorRequestHandler, Request } from 'express';
import { PassportJweError } from '../base/errors.js';
import { answerFailure, sendBody } from '../http/answer-failure.js';
import type { ErrorMiddleware } from '../http/middleware.js';
import { challengeFor, requestState } from '../http/request-state.js';
import { type ChallengeOptions, createChallengeWriter } from '../http/write-challenge.js';

/**
 * Error handler that responds to errors of this package with their status, headers and the body
 * `{ error, error_description }`. It passes all other errors to the next error handler.
 *
 * Use it with the option `failWithError: true` of `authenticate()` or Passport. It also responds to errors that
 * handlers throw, for example by `verifiedToken(req)`.
 *
 * @param options challenge for requests that this package did not authenticate. Default: the realm `api`
 * @throws TypeError if an option is malformed
 * @example
 * app.use(authenticate({ ...options, failWithError: true }));
 * app.use('/reports', reports);
 * app.use(bearerErrors());
 */
export function bearerErrors(options: ChallengeOptions = {}): ErrorMiddleware {
  const defaultChallenge = createChallengeWriter(options, 'bearerErrors');

  const handler: ErrorRequestHandler = function answerBearerError(error: unknown, req, res, next) {
    if (res.headersSent) return next(error);
    const state = requestState.read(req);
    if (error instanceof PassportJweError) {
      return answerFailure(res, error, challengeFor(state, defaultChallenge));
    }
    const refusal = isPassportRefusal(error) ? findRefusal(req) : undefined;
    if (refusal === undefined) return next(error);
    // Passport has already set `WWW-Authenticate` to the challenges of all strategies.
    return sendBody(res.status(refusal.status), refusal);
  };
  return handler;
}

/** Check for the `AuthenticationError` that Passport passes to error handlers with `failWithError`. */
function isPassportRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'AuthenticationError' &&
    'status' in error &&
    error.status === 401
  );
}

function findRefusal(req: Request): PassportJweError | undefined {
  const outcome = requestState.read(req)?.outcome;
  return outcome?.kind === 'refused' ? outcome.error : undefined;
}
