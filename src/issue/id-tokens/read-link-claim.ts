import type { JsonObject } from '../../base/json.js';
import { invalidIdToken } from './verify-id-token.js';

/** Value that can identify a person: without control characters, and not longer than a subject of OpenID Connect. */
const LINK = /^\P{Cc}{1,255}$/u;

/**
 * Read the claim that identifies a person in a directory. An address identifies a person only if the provider has verified
 * it (OpenID Connect Core §5.7).
 *
 * @throws InvalidRequestError if the claim is missing, malformed or an unverified address
 */
export function readLinkClaim(claims: JsonObject, claim: string): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const isVerified = claim !== 'email' || claims['email_verified'] === true;
  if (typeof value !== 'string' || !LINK.test(value) || !value.isWellFormed() || !isVerified) {
    throw invalidIdToken('assertion_claim');
  }
  return value;
}
