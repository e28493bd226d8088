import { describe, expect, test } from '@jest/globals';
import { loadFile, problemsOf } from '../support/api-key-files.js';

const HEAD = 'api_key: k-corp\nname: Corp\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n';
const STAFF = 'cn=staff,dc=example,dc=com';

const problemsIn = async (text: string) =>
  (await problemsOf({ 'key.yaml': `${HEAD}${text}` })).map(({ path, message }) => `${path} ${message}`);

describe('users of a directory', () => {
  test('are read with normalized groups, deeply frozen', async () => {
    const groups = `"CN = Staff , dc=Example,dc=com": [read]`;
    const { users, groupPermissions } = await loadFile(
      `${HEAD}users: { directory: corp }\ngroup_permissions: { ${groups} }\n`,
    );
    expect(users).toEqual({ directory: 'corp' });
    expect(groupPermissions).toEqual({
      '[[["cn","staff"]],[["dc","example"]],[["dc","com"]]]': ['read'],
    });
    expect([users, groupPermissions, ...Object.values(groupPermissions)].every(Object.isFrozen)).toBe(true);
  });

  test('are not needed', async () => {
    expect(await loadFile(`${HEAD}users: true\n`)).toMatchObject({ users: true, groupPermissions: {} });
    expect(await loadFile(HEAD)).toMatchObject({ users: false, groupPermissions: {} });
  });

  test.each([
    ['users: maybe\n', /^users must be true, false, or a mapping/],
    ['users: [corp]\n', /^users must be true, false, or a mapping/],
    [`users: {}\ngroup_permissions: { "${STAFF}": [read] }\n`, /^users.directory/],
    [
      `users: { directory: Corp }\ngroup_permissions: { "${STAFF}": [read] }\n`,
      /^users.directory must be 1 to 32/,
    ],
    [
      `users: { directory: corp, x: y }\ngroup_permissions: { "${STAFF}": [read] }\n`,
      /^users.x is an unknown field/,
    ],
    ['users: { directory: corp }\n', /^group_permissions is required with a directory/],
    [
      'users: { directory: corp }\ngroup_permissions: {}\n',
      /^group_permissions is required with a directory/,
    ],
    [`users: true\ngroup_permissions: { "${STAFF}": [read] }\n`, /^group_permissions requires a directory/],
    [
      `users: { directory: corp }\ngroup_permissions: { staff: [read] }\n`,
      /^group_permissions\S* must be a mapping/,
    ],
    [
      `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [] }\n`,
      /must contain at least one scope/,
    ],
    [
      `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [admin] }\n`,
      /must be a scope in permissions/,
    ],
    [
      `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [read], "CN=staff, dc=example,dc=com": [write] }\n`,
      /must be unique: two names are the same group/,
    ],
    [
      `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [read] }\nworkloads: [{ issuer: "https://idp.example.com", subject: "u*", users: true }]\n`,
      /^workloads\[0\].users is not allowed with a directory/,
    ],
  ])('are an error in %j', async (text, expected) => {
    const problems = await problemsIn(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });
});
