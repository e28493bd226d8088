import { PassportJweError } from './passport-jwe-error.js';
import type { DpopRejection } from './rejections.js';

/**
 * Status of a rejected proof: 401 at a resource server (RFC 9449 §7.1), 400 at the token endpoint (§5).
 *
 * @inline
 */
export type DpopErrorStatus = 400 | 401;

/** Faults in `error_description`. The client created the proof, so they reveal nothing to an attacker. */
const FAULTS: Readonly<Record<DpopRejection, string>> = {
  proof_missing: 'the request has none',
  proof_repeated: 'the request has several',
  proof_too_long: 'it is too long',
  proof_malformed: 'it is not a JWS with JSON objects',
  proof_typ: 'typ must be dpop+jwt',
  proof_algorithm: 'alg is not accepted',
  proof_private_key: 'jwk contains a private key',
  proof_key: 'jwk is not a valid public key for alg',
  proof_claim: 'jti, htm, htu and iat are required',
  proof_method: 'htm differs from the method of the request',
  proof_target: 'htu differs from the URL of the request',
  proof_too_old: 'iat is too old',
  proof_in_future: 'iat is in the future',
  proof_token_hash: 'ath is not the hash of the access token',
  proof_signature: 'the signature is not valid',
  proof_replayed: 'it was used before',
};

/**
 * Error for a missing or rejected DPoP proof (RFC 9449 §5, §7.1). `message` names the fault of the proof.
 *
 * @example
 * if (error instanceof InvalidDpopProofError) console.warn(error.reason);
 */
export class InvalidDpopProofError extends PassportJweError {
  /** Reason for rejecting the proof. */
  readonly reason: DpopRejection;

  constructor(reason: DpopRejection, status: DpopErrorStatus, cause?: unknown) {
    super({
      code: 'ERR_INVALID_DPOP_PROOF',
      error: 'invalid_dpop_proof',
      status,
      description: `The DPoP proof is not valid: ${FAULTS[reason]}`,
      cause,
    });
    this.reason = reason;
  }
}

/**
 * Error for a DPoP proof without a valid nonce (RFC 9449 §8, §9). The header `DPoP-Nonce` contains one for a retry.
 *
 * @example
 * if (error instanceof UseDpopNonceError) console.warn(error.code);
 */
export class UseDpopNonceError extends PassportJweError {
  constructor(nonce: string, status: DpopErrorStatus) {
    super({
      code: 'ERR_USE_DPOP_NONCE',
      error: 'use_dpop_nonce',
      status,
      description: 'The DPoP proof requires the nonce of this response',
      headers: { 'DPoP-Nonce': nonce },
    });
  }
}
