import type { ErrorRequestHandler, Request } from 'express';
import { PassportJweError } from '../base/errors.js';
import { answerFailure, sendBody } from '../http/answer-failure.js';
import type { ErrorMiddleware } from '../http/middleware.js';
import { requestState } from '../http/request-state.js';
import { type ChallengeOptions, createChallengeWriter } from '../http/write-challenge.js';

/**
 * Error handler that sends the responses to errors of this package: status, headers and the body
 * `{ error, error_description }`. Use it with `failWithError: true`, in `authenticate()` or Passport, and for errors that
 * handlers throw, for example with `verifiedToken(req)`. It passes all other errors on.
 *
 * @param options challenge for requests that were not authenticated by this package. Default: realm `api`.
 * @throws TypeError for a malformed option.
 * @example
 * app.use(authenticate({ ...options, failWithError: true }));
 * app.use('/reports', reports);
 * app.use(bearerErrors());
 */
export function bearerErrors(options: ChallengeOptions = {}): ErrorMiddleware {
  const defaultChallenge = createChallengeWriter(options);

  const handler: ErrorRequestHandler = function answerBearerError(error: unknown, req, res, next) {
    if (res.headersSent) return next(error);
    const state = requestState.read(req);
    if (error instanceof PassportJweError) {
      return answerFailure(res, error, state?.acceptor.writeChallenge ?? defaultChallenge);
    }
    const refusal = isPassportRefusal(error) ? findRefusal(req) : undefined;
    if (refusal === undefined) return next(error);
    // Passport has already set the challenges of every strategy that it tried.
    return sendBody(res.status(refusal.status), refusal);
  };
  return handler;
}

/** Whether an error is the one that Passport passes on with `failWithError`. */
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
