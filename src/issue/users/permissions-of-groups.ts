import type { GroupPermissions } from '../../api-keys/api-key.js';

/**
 * Return the permissions that at least one group grants, in the order of `permissions`.
 *
 * @param groups names of groups, normalized as those in `groupPermissions`
 */
export function permissionsOfGroups(
  permissions: readonly string[],
  groupPermissions: GroupPermissions,
  groups: Iterable<string>,
): readonly string[] {
  const granted = new Set<string>();
  for (const group of groups) {
    if (!Object.hasOwn(groupPermissions, group)) continue;
    for (const scope of groupPermissions[group] ?? []) granted.add(scope);
  }
  return permissions.filter((scope) => granted.has(scope));
}
