import { describe, expect, test } from '@jest/globals';
import { faultsOf, loadFile } from '../support/api-key-files.js';

const KEY =
  'api_key: sk-portal-7f3a\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n';
const OKTA = 'https://acme.okta.com';

function fileOf(...rules: readonly string[]): string {
  return `${KEY}id_tokens:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
}

describe('id_tokens of an API key file', () => {
  test('are read as rules', async () => {
    const { idTokens } = await loadFile(
      fileOf(
        `{ issuer: ${OKTA}, audiences: [0oa1], group_permissions: { Staff: [read], "Domain Admins": [read, write] } }`,
        '{ issuer: https://accounts.google.com, audiences: [a, b], claims: { hd: example.com } }',
      ),
    );

    expect(idTokens).toEqual([
      {
        issuer: OKTA,
        audiences: ['0oa1'],
        claims: {},
        groupPermissions: { Staff: ['read'], 'Domain Admins': ['read', 'write'] },
      },
      { issuer: 'https://accounts.google.com', audiences: ['a', 'b'], claims: { hd: 'example.com' } },
    ]);
  });

  test('are an empty list by default', async () => {
    expect((await loadFile(KEY)).idTokens).toEqual([]);
  });

  test('are deeply frozen', async () => {
    const { idTokens } = await loadFile(
      fileOf(`{ issuer: ${OKTA}, audiences: [a], claims: { b: c }, group_permissions: { Staff: [read] } }`),
    );
    const [rule] = idTokens;
    const parts = [idTokens, rule, rule?.audiences, rule?.claims, rule?.groupPermissions];

    expect([...parts, rule?.groupPermissions?.['Staff']].every(Object.isFrozen)).toBe(true);
  });

  test.each(['acme.okta.com', 'http://acme.okta.com', 'https://acme.okta.com?a', 'spiffe://a.example'])(
    'reject the issuer %s',
    async (issuer) => {
      expect(await faultsOf(fileOf(`{ issuer: "${issuer}", audiences: [a] }`))).toEqual([
        'id_tokens[0].issuer: must be the iss of the ID tokens as an https URL (http on loopback only), without query and fragment',
      ]);
    },
  );

  test('require an audience', async () => {
    expect(await faultsOf(fileOf(`{ issuer: ${OKTA}, audiences: [] }`))).toEqual([
      'id_tokens[0].audiences: must contain at least one client ID of the provider',
    ]);
    expect(await faultsOf(fileOf(`{ issuer: ${OKTA} }`))).toHaveLength(1);
  });

  test('list each issuer once', async () => {
    const rule = `{ issuer: ${OKTA}, audiences: [a] }`;

    expect(await faultsOf(fileOf(rule, rule))).toEqual([
      'id_tokens: must list each issuer once: merge the entries of one issuer',
    ]);
  });

  test('grant only scopes in permissions', async () => {
    expect(
      await faultsOf(
        fileOf(`{ issuer: ${OKTA}, audiences: [a], group_permissions: { Staff: [read, admin] } }`),
      ),
    ).toEqual([
      'id_tokens[0].group_permissions.<name>[1]: must be a scope in permissions: add the scope there, or remove it here',
    ]);
  });

  test('reject groups without scopes, and scopes that are no list', async () => {
    const rules = ['{ Staff: [] }', '{ Staff: read }', '[Staff]'].map((groups) =>
      fileOf(`{ issuer: ${OKTA}, audiences: [a], group_permissions: ${groups} }`),
    );
    const faults = await Promise.all(rules.map((rule) => faultsOf(rule)));

    expect(faults.flat()).toEqual([
      'id_tokens[0].group_permissions.<name>: must contain at least one scope',
      'id_tokens[0].group_permissions.<name>: must be a list',
      'id_tokens[0].group_permissions: must be a mapping of groups to lists of scopes',
    ]);
  });

  test('reject unknown fields', async () => {
    expect(await faultsOf(fileOf(`{ issuer: ${OKTA}, audience: a }`))).toHaveLength(2);
  });
});
