import { isJsonObject } from '../base/json.js';

/** Tolerance for clock skew in `iat` and `nbf`, in seconds. `exp` has none, because a client can obtain a new JWT. */
export const ISSUER_CLOCK_TOLERANCE_SECONDS = 60;

/** Whether a JWT is bound to no key, or to the key of the DPoP proof alone (RFC 9449 §6.1). */
export function isHeldBy(cnf: unknown, jkt: string | undefined): boolean {
  if (cnf === undefined) return true;
  return isJsonObject(cnf) && Object.keys(cnf).length === 1 && jkt !== undefined && cnf['jkt'] === jkt;
}
