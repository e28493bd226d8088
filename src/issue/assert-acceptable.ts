import type { NumericDate } from '../base/clock.js';
import { isJsonObject, isPlainJson, type JsonObject } from '../base/json.js';
import type { ClaimsPolicy } from '../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims } from '../token/claims/claims-set.js';
import { MAX_CLAIMS_DEPTH } from '../token/claims/parse-claims.js';
import { validateClaimsSet } from '../token/claims/validate-claims-set.js';

/**
 * Assert that verifiers of the audience will accept the claims.
 *
 * @throws TypeError if a verifier would reject the claims
 */
export function assertAcceptable(claimsSet: IssuedClaims, policy: ClaimsPolicy, now: NumericDate): void {
  try {
    const claims = serialize(claimsSet);
    validateClaimsSet({ header: { typ: ACCESS_TOKEN_TYP }, claims, key: {} }, policy, now, 'any');
  } catch (cause) {
    throw new TypeError(
      `issue: verifiers would reject the claims of this ${claimsSet.type} token: correct the claims that the cause describes`,
      { cause },
    );
  }
}

/** Return the claims as plain JSON. Skip the JSON round trip if they are plain JSON already. */
function serialize(claimsSet: unknown): JsonObject {
  if (isJsonObject(claimsSet) && isPlainJson(claimsSet, MAX_CLAIMS_DEPTH)) return claimsSet;
  const copy: JsonObject = JSON.parse(JSON.stringify(claimsSet));
  if (!isPlainJson(copy, MAX_CLAIMS_DEPTH))
    throw new TypeError(
      `issue: claims must have at most ${MAX_CLAIMS_DEPTH} levels of nesting: flatten them`,
    );
  return copy;
}
