import type { JsonObject } from '../base/json.js';
import { decodeClaims, parseClaims } from '../token/claims/parse-claims.js';
import { type ParsedJws, parseJws } from '../token/parse-jws.js';

/** A signed JWT that a client sends to the token endpoint, not verified yet. */
export interface SignedJwt {
  readonly jws: ParsedJws;
  readonly claims: JsonObject;
}

/**
 * Parse a signed JWT, without verifying it (RFC 7519 §7.2).
 *
 * @throws InvalidTokenError if the JWT is malformed
 */
export function readSignedJwt(text: string): SignedJwt {
  const jws = parseJws(Buffer.from(text));
  return { jws, claims: parseClaims(decodeClaims(jws.payload)) };
}
