import type { Request, RequestHandler } from 'express';
import { AccessDeniedError, InvalidTokenError, MissingCredentialsError } from '../base/errors.js';
import { passFailure } from './answer-failure.js';
import type { Middleware } from './middleware.js';
import { requestState } from './request-state.js';

/**
 * Guard for endpoints that act on the claims of a token, such as administration or logout. It accepts only tokens that
 * carry a proof of issuance. A resource server with an exported access key can encrypt tokens with any claims, but cannot
 * make that proof. Mount the guard after `authenticate()` or Passport. The process needs the whole key ring, not an export.
 *
 * A token without a valid proof gets 401 `invalid_token`, since a new token helps. A token of a trusted issuer, or under a
 * key without proofs, gets 403 `access_denied`.
 *
 * @example
 * app.use('/admin', authenticate(options), requireProof(), requireScope('admin'), admin);
 */
export function requireProof(): Middleware {
  const handler: RequestHandler = function requireProofOfIssuance(req, res, next) {
    prove(req)
      .then(() => next())
      .catch((failure) => passFailure({ req, res, next, guard: 'requireProof' }, failure));
  };
  return handler;
}

async function prove(req: Request): Promise<void> {
  const { outcome, acceptor } = requestState.read(req) ?? {};
  if (outcome?.kind !== 'verified' || acceptor === undefined) throw new MissingCredentialsError();
  try {
    await acceptor.verifyProven(outcome.presented);
  } catch (failure) {
    const isUnprovable = failure instanceof InvalidTokenError && failure.reason === 'unprovable';
    throw isUnprovable ? new AccessDeniedError() : failure;
  }
}
