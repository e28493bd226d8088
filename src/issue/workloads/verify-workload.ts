import type { NumericDate } from '../../base/clock.js';
import type { JsonObject } from '../../base/json.js';
import type { TokenRejection } from '../../base/rejections.js';
import { InvalidGrantError } from '../../base/token-endpoint-errors.js';
import { VERIFICATION_ALGORITHMS } from '../../keys/verification-algorithms.js';
import { normalizeTyp } from '../../token/claims/claims-policy.js';
import { verifyIssuerSignature } from '../../verify/verify-issuer-signature.js';
import { readSignedJwt } from '../read-signed-jwt.js';
import { assertionRejectionOf, translateRejection } from '../translate-rejection.js';
import { checkWorkloadClaims } from './check-workload-claims.js';
import type { Workload } from './workload.js';
import { findWorkloadIssuer, type WorkloadIssuers } from './workload-issuers.js';

/** What a JWT of a workload is verified with. */
export interface WorkloadTerms {
  readonly issuers: WorkloadIssuers;
  /** Issuer of the router: the only accepted audience. */
  readonly audience: string;
  /** Thumbprint of the key of the DPoP proof. `undefined` if the request has none. */
  readonly jkt: string | undefined;
}

/** `typ` of an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant). */
const ID_JAG = 'oauth-id-jag+jwt';

/** All other values of `typ`, besides none. JWT-SVIDs have `JOSE` or `JWT`. */
const TYPS = ['jwt', 'jose', 'authorization-grant+jwt'];

const SIGNATURE = { signature: new Set<string>(VERIFICATION_ALGORITHMS) };

/**
 * Verify the JWT of a workload (RFC 7523 §3). Check the signature before the claims, so that audit events name the
 * workload of every authentic JWT.
 *
 * @throws InvalidGrantError (as rejection) if the JWT is rejected. It names the workload only if the JWT is authentic
 * @throws TemporarilyUnavailableError (as rejection) if the keys of the issuer are unavailable
 */
export async function verifyWorkload(
  assertion: string,
  { issuers, audience, jkt }: WorkloadTerms,
  now: NumericDate,
): Promise<Workload> {
  const { jws, claims } = await translateRejection(() => readSignedJwt(assertion), rejected);
  const isUser = readTyp(jws.header);
  const issuer = findWorkloadIssuer(issuers, claims);
  if (issuer === undefined) throw new InvalidGrantError('assertion_issuer');
  const { verification, maxLifetimeSeconds } = issuer;
  await translateRejection(
    () => verifyIssuerSignature(jws, { terms: SIGNATURE, verification }, now),
    rejected,
  );
  const subject = checkWorkloadClaims(claims, {
    issuer: issuer.issuer,
    audience,
    jkt,
    maxLifetimeSeconds,
    isUser,
    now,
  });
  return Object.freeze({ issuer: issuer.issuer, subject, claims, ...(isUser ? { isUser } : {}) });
}

/** Reject JWTs for other purposes (RFC 8725 §3.11). @returns whether the JWT is an ID-JAG */
function readTyp({ typ }: JsonObject): boolean {
  const normalized = typeof typ === 'string' ? normalizeTyp(typ) : typ;
  if (normalized === ID_JAG) return true;
  if (normalized === undefined || TYPS.some((each) => each === normalized)) return false;
  throw new InvalidGrantError('assertion_type');
}

/** Create the error for a JWT whose JWS is rejected. */
const rejected = (reason: TokenRejection): InvalidGrantError =>
  new InvalidGrantError(assertionRejectionOf(reason));
