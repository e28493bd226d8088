import type { Request } from 'express';
import { AccessDeniedError, InvalidTokenError, MissingCredentialsError } from '../base/errors.js';
import { assertFactoryCall } from './assert-factory-call.js';
import { guard } from './guard.js';
import type { Middleware } from './middleware.js';
import { requestState } from './request-state.js';

/**
 * Guard that accepts only tokens with a proof of issuance, for endpoints that act on claims, such as administration or
 * logout. A resource server with an exported access key can encrypt tokens with any claims, but cannot create the
 * proof.
 *
 * Mount the guard after `authenticate()` or Passport. The process needs the whole key ring, not an exported access key.
 *
 * The guard rejects a missing or invalid proof with 401 `invalid_token`, so that the client requests a new token. If
 * the token is from a trusted issuer, or its key does not support proofs, the guard responds with 403 `access_denied`.
 *
 * @throws TypeError if it receives a request, as in `app.use(requireProof)`
 * @example
 * app.use('/admin', authenticate(options), requireProof(), requireScope('admin'), admin);
 */
export function requireProof(...none: readonly never[]): Middleware {
  assertFactoryCall(none, 'requireProof()');
  return guard('requireProof', (_token, _now, req) => prove(req));
}

async function prove(req: Request): Promise<void> {
  const { outcome, acceptor } = requestState.read(req) ?? {};
  if (outcome?.kind !== 'verified' || acceptor === undefined) throw new MissingCredentialsError();
  try {
    await acceptor.verifyProven(outcome.presented, outcome.sender);
  } catch (failure) {
    const isUnprovable = failure instanceof InvalidTokenError && failure.reason === 'unprovable';
    throw isUnprovable ? new AccessDeniedError() : failure;
  }
}
