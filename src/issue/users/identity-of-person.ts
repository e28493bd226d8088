import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidScopeError } from '../../base/token-endpoint-errors.js';
import type { Person } from '../../directory/check-person.js';
import { permissionsOfGroups } from './permissions-of-groups.js';
import type { VerifiedUser } from './verified-user.js';

/** Description of the error for users whose groups grant nothing that was requested. */
export const NO_GROUP_SCOPE = 'The groups of the user grant no scope of this API key';

/**
 * Convert an active person of a directory to the user of a token.
 *
 * @param directory name of the directory in the options of the router
 * @throws InvalidScopeError if the groups of the person grant no permission of the API key
 */
export function identityOfPerson(
  { permissions, groupPermissions }: Pick<ApiKey, 'permissions' | 'groupPermissions'>,
  directory: string,
  { id, subject, groups, claims }: Person,
): VerifiedUser {
  const available = permissionsOfGroups(permissions, groupPermissions, groups);
  if (available.length === 0) throw new InvalidScopeError(NO_GROUP_SCOPE);
  return { subject, available, claims, person: { directory, id } };
}
