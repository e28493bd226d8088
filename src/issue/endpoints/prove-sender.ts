import type { Request, RequestHandler } from 'express';
import type { Clock } from '../../base/clock.js';
import { InvalidDpopProofError } from '../../base/dpop-errors.js';
import { asyncHandler } from '../../http/async-handler.js';
import { readFields } from '../../http/read-fields.js';
import { readParameter } from '../../http/read-parameter.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { ProvenSender } from '../../sessions/key-binding.js';
import type { DpopProof, DpopVerifier } from '../../verify/dpop/dpop-verifier.js';
import type { RefreshTokenBackend } from '../refresh-tokens.js';
import { clientSlot } from '../request-client.js';
import { parametersOf } from './receive-parameters.js';

/** Dependencies of the steps that establish the sender of a token request. */
export interface SenderParts {
  /** Verifier of DPoP proofs. `undefined`: the header `DPoP` is ignored. */
  readonly dpop: DpopVerifier | undefined;
  readonly refreshTokens: RefreshTokenBackend | undefined;
  readonly clock: Clock;
}

const proofSlot = createRequestSlot<DpopProof>();

/**
 * Create a middleware that applies the checks of a DPoP proof that cost little (RFC 9449 §4.3). They precede the client
 * authentication, so a request for a nonce does not use up a client assertion.
 */
export function readProof({ dpop }: SenderParts): RequestHandler {
  return function readProof(req, _res, next) {
    const isSent = readFields(req, 'dpop').length > 0;
    if (dpop === undefined || !(isSent || dpop.mode === 'require')) return next();
    proofSlot.fill(req, dpop.read(req));
    next();
  };
}

/** Middleware that rejects requests without a proof if the API key requires one (RFC 9449 §5). */
export const requireProofOfKey: RequestHandler = (req, _res, next) => {
  const isRequired = clientSlot.get(req).apiKey.dpop === 'required';
  if (isRequired && proofSlot.read(req) === undefined) throw new InvalidDpopProofError('proof_missing', 400);
  next();
};

/**
 * Create a middleware that verifies the signature of the proof, and records its use. A public client has no secret, so
 * its refresh token must be authentic first. Otherwise, anyone could fill the record of used proofs.
 */
export function confirmProof({ dpop, refreshTokens, clock }: SenderParts): RequestHandler {
  return asyncHandler(async function confirmProof(req, res, next) {
    const proof = proofSlot.read(req);
    if (dpop === undefined || proof === undefined) return next();
    const token = readParameter(parametersOf(req), 'refresh_token');
    if (clientSlot.get(req).isPublic && token !== undefined) await refreshTokens?.codec.open(token, clock());
    await dpop.confirm(proof);
    if (proof.nextNonce !== undefined) res.set('DPoP-Nonce', proof.nextNonce);
    next();
  });
}

/**
 * Return the thumbprint of the key of the proof, after `readProof()` has run. The signature is not verified yet: use it only
 * for decisions that precede `confirmProof()`.
 */
export function claimedKeyOf(req: Request): string | undefined {
  return proofSlot.read(req)?.jkt;
}

/** Return the keys that the sender of a request has proven to hold, after `confirmProof()` has run. */
export function senderOfRequest(req: Request): ProvenSender {
  const proof = proofSlot.read(req);
  return proof === undefined ? {} : { jkt: proof.jkt };
}
