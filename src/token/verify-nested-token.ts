import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { isThenable } from '../base/is-thenable.js';
import type { JsonObject } from '../base/json.js';
import type { Verification } from '../keys/resolve-verification.js';
import { isSignatureAlgorithm, type VerificationKey } from '../keys/signature-key.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { type ParsedJws, parseJws } from './parse-jws.js';
import { verifySignature } from './verify-signature.js';

/** Claims and header of a nested JWS. Deeply frozen. */
export interface SignedClaims {
  readonly claims: JsonObject;
  readonly signedHeader: JsonObject;
}

/**
 * Header members that cause rejection:
 *
 * - compression, and unknown extensions such as `b64` (RFC 7515 §4.1.11)
 * - keys and URLs supplied by the sender, including every `x5*` (RFC 8725 §3.9, §3.10)
 * - `cty`, which would announce a further level of nesting
 */
const REJECTED_MEMBERS = /^(crit|b64|jku|jwk|x5.*|zip|cty)$/;

/**
 * Verify a JWS in compact serialization. `iss` and `kid` select the key, and the key determines the `alg`.
 *
 * @returns a promise only if the key lookup returns one.
 * @throws InvalidTokenError (or as rejection) if the JWS is invalid.
 * @throws TemporarilyUnavailableError (or as rejection) if the issuer's keys are unavailable.
 * @see RFC 7515 §5.2
 */
export function verifyNestedToken(
  bytes: Buffer,
  verification: Verification,
  now: NumericDate,
): SignedClaims | Promise<SignedClaims> {
  const jws = parseJws(bytes);
  const { header, payload } = jws;
  const { alg, kid } = header;
  if (Object.keys(header).some((member) => REJECTED_MEMBERS.test(member))) {
    throw new InvalidTokenError('jws_refused_member');
  }
  if (typeof alg !== 'string' || typeof kid !== 'string') throw new InvalidTokenError('jws_malformed');
  const claims = parseClaims(decodeClaims(payload));
  // A custom key lookup may return null.
  const verify = (key: VerificationKey | undefined | null): SignedClaims => {
    assertVerified(jws, key ?? undefined, now);
    return { claims, signedHeader: header };
  };
  const found = keysOf(claims['iss'], verification).find(kid, alg);
  return isThenable(found) ? Promise.resolve(found).then(verify) : verify(found);
}

/** Assert that a key is valid for the JWS, and that it verifies the signature. */
function assertVerified(
  { header, signingInput, signature }: ParsedJws,
  key: VerificationKey | undefined,
  now: NumericDate,
): void {
  if (key === undefined) throw new InvalidTokenError('jws_unknown_key');
  if (key.notAfter !== undefined && key.notAfter <= now) throw new InvalidTokenError('jws_expired_key');
  if (key.alg !== header['alg'] || !isSignatureAlgorithm(key.alg))
    throw new InvalidTokenError('jws_algorithm');
  if (!verifySignature(signingInput, signature, key)) throw new InvalidTokenError('jws_signature');
}

/** Return the keys of an issuer. The claims are not trusted yet: `iss` only selects the keys that can verify them. */
function keysOf(iss: unknown, verification: Verification): VerificationKeys {
  const keys = typeof iss === 'string' ? verification.get(iss) : undefined;
  if (keys === undefined) throw new InvalidTokenError(iss === undefined ? 'claim_missing' : 'wrong_issuer');
  return keys;
}

/** Parse a JWS without verifying its signature, only to inspect or revoke a token. @throws InvalidTokenError */
export function readNestedToken(bytes: Buffer): SignedClaims {
  const { header, payload } = parseJws(bytes);
  return { claims: parseClaims(decodeClaims(payload)), signedHeader: header };
}
