import { InvalidRequestError } from '../../base/errors.js';
import { confirmationOf, holdsKeys } from '../../sessions/key-binding.js';
import type { DelegableToken } from './build-delegation.js';
import type { GrantContext } from './grant.js';

/**
 * Assert that the client may exchange a token that is bound to a key. Either the client proves possession of that key, or
 * it is trusted with the tokens of the audience: its API key introspects them, and its own key binds the issued token.
 *
 * @throws InvalidRequestError if the client is not trusted, or does not prove a key
 */
export function assertMayHold(
  token: DelegableToken | undefined,
  { apiKey, sender }: Pick<GrantContext, 'apiKey' | 'sender'>,
): void {
  const { cnf, aud } = token?.claims ?? {};
  if (cnf === undefined) return;
  if (holdsKeys({ jkt: cnf.jkt, x5t: cnf['x5t#S256'] }, sender)) return;
  if (![aud].flat().some((audience) => apiKey.introspects.includes(String(audience)))) {
    throw new InvalidRequestError('This client may not exchange these tokens', { reason: 'key_bound' });
  }
  if (confirmationOf(sender) === undefined) {
    throw new InvalidRequestError(
      'A token that is bound to a key is exchanged only for a bound token: send a DPoP proof',
      { reason: 'proof_missing' },
    );
  }
}
