import { isNumericDate, type NumericDate } from '../../base/clock.js';
import type { JsonObject } from '../../base/json.js';
import type { ExchangeRejection } from '../../base/rejections.js';
import { ISSUER_CLOCK_TOLERANCE_SECONDS, isHeldBy } from '../assertion-claims.js';

/** What the claims of an authentic ID token are compared with. */
export interface IdTokenClaimsTerms {
  /** Client IDs at the provider, of which the API key accepts ID tokens. */
  readonly audiences: readonly string[];
  /** Thumbprint of the key of the DPoP proof. `undefined` if the request has none. */
  readonly jkt: string | undefined;
  readonly now: NumericDate;
}

/** Maximum age of an ID token in seconds, measured from `iat`. A client exchanges it immediately after the sign-in. */
export const MAX_ID_TOKEN_AGE_SECONDS = 300;

/**
 * Check audience, authorized party, times and key of an authentic ID token (OpenID Connect Core §3.1.3.7). `nonce` is for
 * the client, which knows the value that it has sent.
 *
 * @returns the time until which the ID token can be exchanged
 */
export function checkIdTokenClaims(
  claims: JsonObject,
  { audiences, jkt, now }: IdTokenClaimsTerms,
): { readonly usableUntil: NumericDate } | { readonly fault: ExchangeRejection } {
  const { exp, iat, nbf } = claims;
  if (!isNumericDate(exp) || !isNumericDate(iat) || (nbf !== undefined && !isNumericDate(nbf))) {
    return { fault: 'assertion_claim' };
  }
  const fault =
    findAudienceFault(claims, audiences) ??
    (isHeldBy(claims['cnf'], jkt)
      ? findTimeFault({ exp, iat, nbf: nbf ?? iat }, now)
      : 'assertion_key_bound');
  return fault === undefined ? { usableUntil: Math.min(exp, iat + MAX_ID_TOKEN_AGE_SECONDS) } : { fault };
}

/**
 * Check `aud` and `azp`. Every audience must be known, because each of them receives the ID token. `azp` is the client
 * that requested it, and mandatory with several audiences.
 */
function findAudienceFault(
  { aud, azp }: JsonObject,
  audiences: readonly string[],
): ExchangeRejection | undefined {
  const values: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isListed = (value: unknown) => typeof value === 'string' && audiences.includes(value);
  if (values.length === 0 || !values.every(isListed)) return 'assertion_audience';
  const isPartyOptional = azp === undefined && values.length === 1;
  return isPartyOptional || isListed(azp) ? undefined : 'assertion_party';
}

function findTimeFault(
  { exp, iat, nbf }: { readonly exp: NumericDate; readonly iat: NumericDate; readonly nbf: NumericDate },
  now: NumericDate,
): ExchangeRejection | undefined {
  if (exp <= now) return 'expired';
  if (Math.max(iat, nbf) > now + ISSUER_CLOCK_TOLERANCE_SECONDS) return 'assertion_not_yet_valid';
  return iat + MAX_ID_TOKEN_AGE_SECONDS < now ? 'assertion_too_old' : undefined;
}
