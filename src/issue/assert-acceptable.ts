import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, isPlainJson, type JsonObject } from '../base/json.js';
import type { ClaimsPolicy } from '../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims } from '../token/claims/claims-set.js';
import { MAX_CLAIMS_DEPTH } from '../token/claims/parse-claims.js';
import { validateClaimsSet } from '../token/claims/validate-claims-set.js';

/** Shape of the claims that token types require, for error messages. */
const SHAPES: Readonly<Record<string, string>> = {
  allowed_models: 'an array of strings, for example ["gpt-5"]',
  allowed_functions: 'an array of strings, for example ["get_weather"]',
  allowed_endpoints: 'an array of strings, for example ["GET /documents"]',
  rate_limits:
    'an object with the numbers requests_per_minute, tokens_per_minute, requests_per_hour and concurrent_requests',
  delegator: 'the subject that delegates',
  delegated_to: 'the subject of the actor',
  act: 'an object, for example { "sub": "agent" } (RFC 8693 §4.1)',
  lineage: 'an array of 1 to 8 ancestors, each with the strings jti and client_id, and the number iat',
  metadata: 'an object',
  api_key_name: 'a string',
};

/**
 * Assert that verifiers of the audience will accept the claims.
 *
 * @throws TypeError if a verifier would reject the claims. The message names the claim, and contains no value.
 */
export function assertAcceptable(claimsSet: IssuedClaims, policy: ClaimsPolicy, now: NumericDate): void {
  try {
    const claims = serialize(claimsSet);
    validateClaimsSet({ header: { typ: ACCESS_TOKEN_TYP }, claims, key: {} }, policy, now, 'any');
  } catch (cause) {
    const { type } = claimsSet;
    throw new TypeError(
      `issue: verifiers would reject the claims of this ${type} token: ${describeFault(claimsSet, cause)}`,
      { cause },
    );
  }
}

function describeFault(claimsSet: IssuedClaims, cause: unknown): string {
  if (!(cause instanceof InvalidTokenError)) return 'correct the claims that the cause describes';
  const { claim } = cause.detail;
  if (claim === undefined) return `correct the claims (reason ${cause.reason})`;
  const fault = claimsSet[claim] === undefined ? 'missing' : 'malformed';
  const shape = SHAPES[claim];
  return `the claim ${claim} is ${fault}: ${shape === undefined ? 'correct it' : `pass ${shape}`}`;
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
