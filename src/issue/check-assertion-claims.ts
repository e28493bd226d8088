import { isNumericDate, type NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';

/** What the claims of a client assertion are compared with. */
export interface AssertionTerms {
  /** Accepted values of `aud`. */
  readonly audiences: readonly string[];
  readonly now: NumericDate;
}

/** Claims that make an assertion usable once. */
export interface SingleUse {
  readonly jti: string;
  /** Time from which the assertion is rejected as expired. */
  readonly usableUntil: NumericDate;
}

/** Maximum time in seconds from the request to `exp`. Most clients use one to five minutes. */
const MAX_LIFETIME_SECONDS = 300;

/** Tolerance for clock skew between client and server, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Check audience, times and identifier of a client assertion (RFC 7523 §3).
 *
 * @throws InvalidClientError if a claim is missing, malformed or not acceptable
 */
export function checkAssertionClaims(claims: JsonObject, { audiences, now }: AssertionTerms): SingleUse {
  const { aud, exp, iat, nbf, jti } = claims;
  if (!isNumericDate(exp) || ![iat, nbf].every(isOptionalDate) || typeof jti !== 'string' || jti === '') {
    throw new InvalidClientError('assertion_claim');
  }
  if (!isAudience(aud, audiences)) throw new InvalidClientError('assertion_audience');
  const usableUntil = exp + CLOCK_TOLERANCE_SECONDS;
  if (usableUntil <= now) throw new InvalidClientError('assertion_expired');
  const starts = [iat, nbf].filter((time) => typeof time === 'number');
  if (Math.max(...starts) > now + CLOCK_TOLERANCE_SECONDS) {
    throw new InvalidClientError('assertion_not_yet_valid');
  }
  if (exp > now + MAX_LIFETIME_SECONDS + CLOCK_TOLERANCE_SECONDS) {
    throw new InvalidClientError('assertion_lifetime');
  }
  return { jti, usableUntil };
}

function isOptionalDate(value: unknown): boolean {
  return value === undefined || isNumericDate(value);
}

/**
 * Whether `aud` is exactly one accepted value, as a string or an array (draft-ietf-oauth-rfc7523bis). An assertion for
 * several servers could be replayed by one of them.
 */
function isAudience(aud: unknown, audiences: readonly string[]): boolean {
  const [audience, ...others] = [aud].flat();
  return typeof audience === 'string' && others.length === 0 && audiences.includes(audience);
}
