import type { Confirmation } from '../../token/claims/confirmation.js';

/** Return the `token_type` of an access token: the scheme under which resource servers accept it (RFC 9449 §5, §6.2). */
export function tokenTypeOf(confirmation: Confirmation | undefined): 'Bearer' | 'DPoP' {
  return confirmation?.jkt === undefined ? 'Bearer' : 'DPoP';
}
