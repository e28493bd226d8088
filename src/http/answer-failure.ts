import type { NextFunction, Request, Response } from 'express';
import { PassportJweError, RateLimitExceededError } from '../base/errors.js';
import { type AuthenticationOutcome, requestState, type ShownToken } from './request-state.js';
import { type ChallengeWriter, createChallengeWriter } from './write-challenge.js';

const defaultChallenge = createChallengeWriter({});

/** The headers of the failure table. */
function headersOf(
  error: PassportJweError,
  writeChallenge: ChallengeWriter,
): Readonly<Record<string, string>> {
  const challenge = writeChallenge(error);
  return challenge === undefined ? error.headers : { ...error.headers, 'WWW-Authenticate': challenge };
}

/** Adds the challenge to a failure, so that whoever answers it answers it whole. */
export function addChallenge(error: PassportJweError, writeChallenge: ChallengeWriter): void {
  if (!Object.isFrozen(error)) error.headers = headersOf(error, writeChallenge);
}

/**
 * The body of the failure table: `error` and `error_description`, or empty where there is no error code. A limit that
 * was reached is also a problem of RFC 9457.
 */
export function sendBody(res: Response, error: PassportJweError): void {
  if (error.error === undefined) return void res.end();
  const body = { error: error.error, error_description: error.message };
  if (!(error instanceof RateLimitExceededError)) return void res.json(body);
  res.type('application/problem+json').send(JSON.stringify({ ...describeProblem(error), ...body }));
}

/** RFC 9457, with the problem type of draft-ietf-httpapi-ratelimit-headers. */
function describeProblem({ message: title, status, violated }: RateLimitExceededError) {
  const type = 'https://iana.org/assignments/http-problem-types#quota-exceeded';
  return { type, title, status, 'violated-policies': violated };
}

/** Answers with the status, the headers and the body of the failure table. */
export function answerFailure(res: Response, error: PassportJweError, writeChallenge: ChallengeWriter): void {
  res.status(error.status).set(headersOf(error, writeChallenge));
  sendBody(res, error);
}

/**
 * Turns a request away as its authentication was told to: by an answer, or through the error handlers of the
 * application. Where no authentication ran at all, the request is answered as one without credentials. Goes on record,
 * unless it is what the authentication itself refused the request for: whoever did has recorded that.
 */
export async function refuseRequest(
  exchange: { readonly req: Request; readonly res: Response; readonly next: NextFunction },
  error: PassportJweError,
): Promise<void> {
  const { req, res, next } = exchange;
  const state = requestState.read(req);
  const writeChallenge = state?.acceptor.writeChallenge ?? defaultChallenge;
  if (state !== undefined && !isRefusedFor(state.outcome, error)) {
    await state.acceptor.recordRefusal(req, error, shownBy(state.outcome));
  }
  if (!state?.failWithError) return answerFailure(res, error, writeChallenge);
  addChallenge(error, writeChallenge);
  return next(error);
}

/** As `refuseRequest` for a failure of any kind, for the end of a handler. Other failures go to `next`. */
export function passFailure(
  exchange: { readonly req: Request; readonly res: Response; readonly next: NextFunction },
  failure: unknown,
): void {
  if (failure instanceof PassportJweError) refuseRequest(exchange, failure).catch(exchange.next);
  else exchange.next(failure);
}

function isRefusedFor(outcome: AuthenticationOutcome, error: PassportJweError): boolean {
  return outcome.kind === 'refused' && outcome.error === error;
}

function shownBy(outcome: AuthenticationOutcome): ShownToken {
  return outcome.kind === 'anonymous' ? {} : outcome;
}
