import type { Request, RequestHandler } from 'express';
import { AccessDeniedError, InvalidTokenError, MissingCredentialsError } from '../base/errors.js';
import { passFailure } from './answer-failure.js';
import type { Middleware } from './middleware.js';
import { requestState } from './request-state.js';

/**
 * For endpoints that act on the word of a token, such as an administration or a logout: lets tokens pass that prove that
 * their issuer issued them, behind `authenticate()` or Passport. A resource server with an exported access key can encrypt
 * tokens in any name; it can make no such proof.
 *
 * A token without a valid proof is a 401 `invalid_token`, since a new token helps; a token under a key that proves nothing,
 * or of a trusted issuer, is a 403 `access_denied`. The process needs the whole key ring, not an export.
 *
 * @example
 * app.use('/admin', authenticate(options), requireProof(), requireScope('admin'), admin);
 */
export function requireProof(): Middleware {
  const handler: RequestHandler = function requireProofOfIssuance(req, res, next) {
    prove(req)
      .then(() => next())
      .catch((failure) => passFailure({ req, res, next }, failure));
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
