import type { JsonObject } from '../../base/json.js';
import type { IdentityProviderType } from './identity-provider.js';
import { invalidIdToken } from './verify-id-token.js';

/** Value that can identify a person: without invisible characters, and not longer than a subject of OpenID Connect. */
const LINK = /^[^\p{Cc}\p{Cf}]{1,255}$/u;

/**
 * Read the claim that identifies a person in a directory. An address identifies a person only if the provider has verified
 * it (OpenID Connect Core §5.7). Google vouches only for the addresses of an organization, which `hd` names: the address of
 * another account may have a new owner.
 *
 * @throws InvalidRequestError if the claim is missing, malformed or an unverified address
 */
export function readLinkClaim(claims: JsonObject, claim: string, type: IdentityProviderType): string {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  const isVerified = claim !== 'email' || isVerifiedAddress(claims, type);
  if (typeof value !== 'string' || !isPlain(value) || !isVerified) throw invalidIdToken('assertion_claim');
  return value;
}

/** Whether servers cannot compare a value equal to another spelling of the same characters. */
function isPlain(value: string): boolean {
  return LINK.test(value) && value.isWellFormed() && value === value.normalize('NFKC');
}

function isVerifiedAddress(
  { email_verified: isVerified, hd }: JsonObject,
  type: IdentityProviderType,
): boolean {
  return isVerified === true && (type !== 'google' || (typeof hd === 'string' && hd !== ''));
}
