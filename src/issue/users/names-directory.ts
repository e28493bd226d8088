import type { ApiKey } from '../../api-keys/api-key.js';
import { directoryOfIssuer } from '../id-tokens/find-identity-provider.js';
import type { IdentityProviders } from '../id-tokens/resolve-identity-providers.js';

/** Whether an API key may have users of a directory: by `users`, or by ID tokens of a provider that is linked to it. */
export function namesDirectory(
  { users, idTokens }: Pick<ApiKey, 'users' | 'idTokens'>,
  directory: string,
  providers: IdentityProviders,
): boolean {
  if (typeof users === 'object' && users.directory === directory) return true;
  return idTokens.some(({ issuer }) => directoryOfIssuer(providers, issuer) === directory);
}
