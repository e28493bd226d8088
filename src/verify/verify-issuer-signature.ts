import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { VerificationKey } from '../keys/signature-key.js';
import { canonicalAlgorithm } from '../keys/verification-algorithms.js';
import type { ParsedJws } from '../token/parse-jws.js';
import { verifySignature } from '../token/verify-signature.js';
import type { BoundIssuer } from './bound-issuer.js';
import type { IssuerTerms } from './issuer-terms.js';

/**
 * Header members that cause rejection: unknown extensions (RFC 7515 §4.1.11), a key of the sender, and compression. Other
 * references to keys, such as `jku` and `x5t`, are ignored, because configuration selects the keys (RFC 8725 §3.10). So is
 * `cty`, which some libraries also write to the nested JWS: its payload must be claims.
 */
const REJECTED_MEMBERS = ['crit', 'b64', 'jwk', 'zip'];

/** Keys and algorithms of an issuer, such as a trusted issuer or a client that signs assertions. */
export interface IssuerSignature extends Pick<BoundIssuer, 'verification'> {
  readonly terms: Pick<IssuerTerms, 'signature'>;
}

/**
 * Verify the nested JWS of a trusted issuer with a key of this issuer. Without `kid`, the issuer must have exactly one key
 * with the `alg` of the JWS.
 *
 * @returns the key that verified the JWS
 * @throws InvalidTokenError (as rejection) if the JWS has a forbidden member or algorithm, no key matches, the key has
 *   expired, or the signature is invalid
 * @throws TemporarilyUnavailableError (as rejection) if the keys of the issuer are unavailable
 * @see RFC 7515 §5.2
 */
export async function verifyIssuerSignature(
  { header, signingInput, signature }: ParsedJws,
  { terms, verification }: IssuerSignature,
  now: NumericDate,
): Promise<VerificationKey> {
  if (verification === undefined) throw new InvalidTokenError('content_type');
  if (REJECTED_MEMBERS.some((member) => Object.hasOwn(header, member))) {
    throw new InvalidTokenError('jws_refused_member');
  }
  const { alg, kid } = header;
  const isWellFormed = typeof alg === 'string' && (kid === undefined || typeof kid === 'string');
  if (!isWellFormed) throw new InvalidTokenError('jws_malformed');
  if (!terms.signature.has(alg)) throw notAccepted(terms.signature, alg);
  const key = (await verification.find(kid, alg)) ?? undefined;
  if (key === undefined) throw new InvalidTokenError('jws_unknown_key');
  if (key.notAfter !== undefined && key.notAfter <= now) throw new InvalidTokenError('jws_expired_key');
  if (canonicalAlgorithm(key.alg) !== canonicalAlgorithm(alg)) throw notAccepted(new Set([key.alg]), alg);
  if (!verifySignature(signingInput, signature, key)) {
    throw new InvalidTokenError('jws_signature');
  }
  return key;
}

function notAccepted(expected: ReadonlySet<string>, found: string): InvalidTokenError {
  return new InvalidTokenError('jws_algorithm', undefined, { expected, found });
}
