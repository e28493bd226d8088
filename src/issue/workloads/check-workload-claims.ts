import { isNumericDate, type NumericDate } from '../../base/clock.js';
import { InvalidTokenError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import type { GrantRejection } from '../../base/rejections.js';
import { InvalidGrantError } from '../../base/token-endpoint-errors.js';
import { assertNoIdToken } from '../../token/claims/validate-claims-set.js';
import { ISSUER_CLOCK_TOLERANCE_SECONDS, isHeldBy } from '../assertion-claims.js';

/** What the claims of an authentic JWT are compared with. */
export interface WorkloadClaimsTerms {
  readonly issuer: string;
  /** The only accepted value of `aud`. */
  readonly audience: string;
  /** Thumbprint of the key of the DPoP proof. `undefined` if the request has none. */
  readonly jkt: string | undefined;
  readonly maxLifetimeSeconds: number;
  /** Whether the JWT is an ID-JAG, which requires `jti` and `client_id`. */
  readonly isUser: boolean;
  readonly now: NumericDate;
}

/** Maximum length of `sub`: that of a SPIFFE ID (SPIFFE ID §2.3). */
const MAX_SUBJECT_LENGTH = 2048;

/** Non-empty and without control characters, which could forge lines in logs. */
const SUBJECT = /^\P{Cc}+$/u;

/**
 * Check the claims of an authentic JWT (RFC 7523 §3).
 *
 * @returns the subject
 * @throws InvalidGrantError if a claim is missing, malformed or not accepted
 */
export function checkWorkloadClaims(claims: JsonObject, terms: WorkloadClaimsTerms): string {
  const { sub } = claims;
  if (!isSubject(sub)) throw new InvalidGrantError('assertion_claim');
  const reason = findFault(claims, terms);
  if (reason !== undefined) throw new InvalidGrantError(reason, { issuer: terms.issuer, subject: sub });
  return sub;
}

function isSubject(sub: unknown): sub is string {
  if (typeof sub !== 'string' || sub.length > MAX_SUBJECT_LENGTH) return false;
  return SUBJECT.test(sub) && sub.isWellFormed();
}

function findFault(claims: JsonObject, terms: WorkloadClaimsTerms): GrantRejection | undefined {
  const { audience, isUser, jkt } = terms;
  if (!isAudience(claims['aud'], audience)) return 'assertion_audience';
  if (!isHeldBy(claims['cnf'], jkt)) return 'assertion_key_bound';
  if (isUser && !['jti', 'client_id'].every((name) => isText(claims[name]))) return 'assertion_claim';
  if (!isUser && isIdToken(claims)) return 'assertion_type';
  return findTimeFault(claims, terms);
}

/** Whether `aud` is exactly the issuer of the router. A JWT for several servers could be replayed by one of them. */
function isAudience(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? aud.length === 1 && aud[0] === audience : aud === audience;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isIdToken(claims: JsonObject): boolean {
  try {
    assertNoIdToken(claims);
    return false;
  } catch (error) {
    if (error instanceof InvalidTokenError) return true;
    throw error;
  }
}

/** Check `exp`, `iat` and `nbf`. JWT-SVIDs may lack `iat`: their lifetime is then measured from now. */
function findTimeFault(
  { exp, iat, nbf }: JsonObject,
  { now, maxLifetimeSeconds }: WorkloadClaimsTerms,
): GrantRejection | undefined {
  const areDates =
    isNumericDate(exp) && [iat, nbf].every((time) => time === undefined || isNumericDate(time));
  if (!areDates) return 'assertion_claim';
  const begins = typeof iat === 'number' ? iat : now;
  if (!(exp > now)) return 'expired';
  if (Math.max(begins, typeof nbf === 'number' ? nbf : begins) > now + ISSUER_CLOCK_TOLERANCE_SECONDS) {
    return 'assertion_not_yet_valid';
  }
  return exp - begins > maxLifetimeSeconds ? 'assertion_lifetime' : undefined;
}
