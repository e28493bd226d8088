import { expect, test } from '@jest/globals';
import { scopesOf } from '../../../examples/sign-in/people.js';

const STAFF = 'cn=staff,ou=groups,dc=example,dc=com';

test.each([
  ['the same spelling', STAFF],
  ['another case and spaces', 'CN=Staff, OU=groups, DC=example, DC=com'],
  ['escapes', 'cn=\\73taff,ou=groups,dc=example,dc=com'],
])('members of staff can read documents: %s', (_name, group) => {
  expect(scopesOf({ groups: [group] }, STAFF)).toEqual(['read:profile', 'read:documents']);
});

test.each([
  ['a group below', `cn=x,${STAFF}`],
  ['a group whose name contains the DN', 'cn=cn\\=staff\\,ou\\=groups,dc=example,dc=com'],
  ['a malformed name', 'staff'],
])('members of other groups cannot: %s', (_name, group) => {
  expect(scopesOf({ groups: [group] }, STAFF)).toEqual(['read:profile']);
  expect(scopesOf({ groups: [group] }, 'staff')).toEqual(['read:profile']);
});
