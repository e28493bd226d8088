import type { NumericDate } from '../../base/clock.js';
import { InvalidGrantError, InvalidTokenError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import type { GrantRejection, TokenRejection } from '../../base/rejections.js';
import { VERIFICATION_ALGORITHMS } from '../../keys/verification-algorithms.js';
import { normalizeTyp } from '../../token/claims/claims-policy.js';
import { decodeClaims, parseClaims } from '../../token/claims/parse-claims.js';
import { type ParsedJws, parseJws } from '../../token/parse-jws.js';
import { verifyIssuerSignature } from '../../verify/verify-issuer-signature.js';
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

/** Reasons that identify the fault of a JWS. All other reasons mean that it is malformed. */
const REASONS: Partial<Record<TokenRejection, GrantRejection>> = {
  jws_refused_member: 'assertion_algorithm',
  jws_algorithm: 'assertion_algorithm',
  jws_unknown_key: 'assertion_unknown_key',
  jws_expired_key: 'assertion_unknown_key',
  jws_signature: 'assertion_signature',
};

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
  const { jws, claims } = await rejectGrant(() => readAssertion(assertion));
  const isUser = readTyp(jws.header);
  const issuer = findWorkloadIssuer(issuers, claims);
  if (issuer === undefined) throw new InvalidGrantError('assertion_issuer');
  const { verification, maxLifetimeSeconds } = issuer;
  await rejectGrant(() => verifyIssuerSignature(jws, { terms: SIGNATURE, verification }, now));
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

function readAssertion(assertion: string): { readonly jws: ParsedJws; readonly claims: JsonObject } {
  const jws = parseJws(Buffer.from(assertion));
  return { jws, claims: parseClaims(decodeClaims(jws.payload)) };
}

/** Reject JWTs for other purposes (RFC 8725 §3.11). @returns whether the JWT is an ID-JAG */
function readTyp({ typ }: JsonObject): boolean {
  const normalized = typeof typ === 'string' ? normalizeTyp(typ) : typ;
  if (normalized === ID_JAG) return true;
  if (normalized === undefined || TYPS.some((each) => each === normalized)) return false;
  throw new InvalidGrantError('assertion_type');
}

/** Run a step that verifies a JWS, and reject the grant instead of a token. */
async function rejectGrant<Result>(step: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    throw new InvalidGrantError(REASONS[error.reason] ?? 'malformed');
  }
}
