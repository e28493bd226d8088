import type { Request, RequestHandler } from 'express';
import { AccessDeniedError, InvalidTokenError, JweError, MissingCredentialsError } from '../errors.js';
import { refuseRequest } from './answer-failure.js';
import { requestState } from './request-state.js';

/**
 * Lets requests pass whose token proves that its issuer issued it. A token without a valid proof is a 401
 * `invalid_token`, since a new token helps; a token under a key that proves nothing is a 403 `access_denied`, since a new
 * one would be no different.
 */
export const requireProof: RequestHandler = (req, res, next) => {
  prove(req)
    .then(() => next())
    .catch((failure) => {
      if (!(failure instanceof JweError)) throw failure;
      return refuseRequest({ req, res, next }, failure);
    })
    .catch(next);
};

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
