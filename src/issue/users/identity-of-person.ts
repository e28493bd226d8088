import type { ApiKey } from '../../api-keys/api-key.js';
import type { Person } from '../../directory/check-person.js';
import { permissionsOfGroups } from './permissions-of-groups.js';
import type { TokenIdentity } from './token-identity.js';

/**
 * Convert an active person of a directory to the user of a token.
 *
 * @param directory name of the directory in the options of the router
 */
export function identityOfPerson(
  { permissions, groupPermissions }: Pick<ApiKey, 'permissions' | 'groupPermissions'>,
  directory: string,
  { id, subject, groups, claims }: Person,
): TokenIdentity {
  const available = permissionsOfGroups(permissions, groupPermissions, groups);
  return { subject, available, claims, person: { directory, id } };
}
