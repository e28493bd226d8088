import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { permissionsOfGroups } from '../../../src/issue/users/permissions-of-groups.js';

const scope = fc.constantFrom('read', 'write', 'delete', 'admin', 'toString', '__proto__');
const group = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__', 'toString', 'hasOwnProperty');
const scopes = fc.uniqueArray(scope);

test('groups never grant more than the permissions and the scopes of the groups', () => {
  const mapping = fc.array(fc.tuple(group, scopes)).map((entries) => Object.fromEntries(entries));
  fc.assert(
    fc.property(scopes, mapping, fc.array(group), (permissions, groupPermissions, groups) => {
      const granted = permissionsOfGroups(permissions, groupPermissions, groups);
      const expected = permissions.filter((token) =>
        groups.some((name) =>
          Object.entries(groupPermissions).some(([each, of]) => each === name && of.includes(token)),
        ),
      );
      expect(granted).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});
