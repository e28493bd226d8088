import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { debugRejection } from '../base/debug-rejection.js';
import { PassportJweError, RateLimitExceededError } from '../base/errors.js';
import { passError } from './pass-error.js';
import { type AuthenticationOutcome, challengeFor, requestState, type ShownToken } from './request-state.js';
import { type ChallengeWriter, createChallengeWriter } from './write-challenge.js';

const defaultChallenge = createChallengeWriter({}, 'bearerErrors');

/** Return the response headers of an error, including the challenge. */
function headersOf(
  error: PassportJweError,
  writeChallenge: ChallengeWriter,
): Readonly<Record<string, string>> {
  const challenge = writeChallenge(error);
  return challenge === undefined ? error.headers : { ...error.headers, 'WWW-Authenticate': challenge };
}

/** Add the challenge to `error.headers`, so that error handlers of the application can send it. */
export function addChallenge(error: PassportJweError, writeChallenge: ChallengeWriter): void {
  if (!Object.isFrozen(error)) error.headers = headersOf(error, writeChallenge);
}

/** Add the challenge of the authentication that ran, or the default challenge, to an error that a handler throws. */
export function withChallenge<Failure extends PassportJweError>(
  req: IncomingMessage,
  error: Failure,
): Failure {
  addChallenge(error, challengeFor(requestState.read(req), defaultChallenge));
  return error;
}

/**
 * Send the error body: `error` and `error_description`, or an empty body if the error has no code. If a limit is
 * exceeded, the body is also a problem document (RFC 9457).
 */
export function sendBody(res: Response, error: PassportJweError): void {
  if (error.error === undefined) return void res.end();
  const body = { error: error.error, error_description: error.message };
  if (!(error instanceof RateLimitExceededError)) return void res.json(body);
  res.type('application/problem+json').send(JSON.stringify({ ...describeProblem(error), ...body }));
}

/** Build a problem document (RFC 9457) of the type that draft-ietf-httpapi-ratelimit-headers defines. */
function describeProblem({ message: title, status, violated }: RateLimitExceededError) {
  const type = 'https://iana.org/assignments/http-problem-types#quota-exceeded';
  return { type, title, status, 'violated-policies': violated };
}

/**
 * Send an error response: status, headers and body.
 *
 * @param status status of the response. Default: that of the error
 */
export function answerFailure(
  res: Response,
  error: PassportJweError,
  writeChallenge: ChallengeWriter,
  status: number = error.status,
): void {
  res.status(status).set(headersOf(error, writeChallenge));
  sendBody(res, error);
}

/** A request to reject. */
export interface RejectedRequest {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  /** Name of the guard that rejects, for debug lines. Default: the authentication rejects. */
  readonly guard?: string;
}

/**
 * Reject a request. With `failWithError`, pass the error to the error handlers of the application. Otherwise, or if
 * no authentication ran, send the error response. If `onRejected` has sent a response, do nothing.
 *
 * Also records an audit event, unless the authentication rejected the request with this error and recorded the event.
 */
export async function refuseRequest(exchange: RejectedRequest, error: PassportJweError): Promise<void> {
  const { req, res, next, guard = 'handler' } = exchange;
  const state = requestState.read(req);
  if (state === undefined) debugRejection(guard, error, describeUnguarded);
  else if (!isRefusedFor(state.outcome, error)) {
    await state.acceptor.recordRefusal({ req, res }, error, { ...shownBy(state.outcome), guard });
  }
  if (res.headersSent) return;
  if (state?.failWithError) return next(withChallenge(req, error));
  return answerFailure(res, error, challengeFor(state, defaultChallenge));
}

/** Reject a request if the failure is an error of this package. Pass all other failures to the error handlers. */
export function passFailure(exchange: RejectedRequest, failure: unknown): void {
  const pass = (other: unknown): void => passError(exchange.next, other);
  if (failure instanceof PassportJweError) refuseRequest(exchange, failure).catch(pass);
  else pass(failure);
}

function isRefusedFor(outcome: AuthenticationOutcome, error: PassportJweError): boolean {
  return outcome.kind === 'refused' && outcome.error === error;
}

function shownBy(outcome: AuthenticationOutcome): ShownToken {
  return outcome.kind === 'anonymous' ? {} : outcome;
}

function describeUnguarded(): object {
  return { authenticated: false };
}
