import type { ErrorRequestHandler, Request } from 'express';
import { PassportJweError } from '../base/errors.js';
import { answerFailure, sendBody } from '../http/answer-failure.js';
import type { ErrorMiddleware } from '../http/middleware.js';
import { requestState } from '../http/request-state.js';
import { type ChallengeOptions, createChallengeWriter } from '../http/write-challenge.js';

/**
 * Error handler that answers failures of this package as its failure table says, body included:
 * `{ error, error_description }`. It is for `failWithError: true`, in Passport and here, and for failures that
 * handlers throw, as `verifiedToken(req)` does; all other errors are passed on.
 * @param options the challenge of requests that no authentication of this package saw. Default: realm `api`.
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
    // The challenges are Passport's, which collected them from every strategy that it tried.
    return sendBody(res.status(refusal.status), refusal);
  };
  return handler;
}

/** What Passport hands on with `failWithError`. */
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
