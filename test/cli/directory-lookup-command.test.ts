import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  type Slapd,
  startSlapd,
} from '../support/slapd.js';

const LOCK = ['add: pwdAccountLockedTime', 'pwdAccountLockedTime: 000001010000Z'];

describeWithSlapd('directory lookup', () => {
  const { directory, run, runJson } = setUpCommandLine();
  let slapd: Slapd;

  const flags = (): readonly string[] => [
    ...['--url', String(slapd.options.url), '--bind-dn', slapd.options.bindDn],
    ...['--bind-password-file', slapd.options.bindPasswordFile, '--base-dn', slapd.options.baseDn],
  ];
  const lookup = (...args: readonly string[]) => run(['directory', 'lookup', ...flags(), ...args]);
  const lookupJson = (...args: readonly string[]) => runJson(['directory', 'lookup', ...flags(), ...args]);

  beforeAll(async () => {
    const entries = person('alice') + person('bob') + group('staff', `uid=alice,${PEOPLE}`);
    slapd = await startSlapd({ entries });
  });

  afterAll(() => slapd.dispose());

  const alice = {
    subject: expect.stringMatching(/^corp:[0-9a-f-]{36}$/),
    ...{ name: 'alice', dn: `uid=alice,${PEOPLE}`, state: 'active' },
    ...{ groups: [`cn=staff,${GROUPS}`], claims: { email: 'alice@example.com' } },
  };

  test('prints a person by name in JSON', async () => {
    expect(await lookupJson('alice', '--claim', 'email=mail')).toEqual(alice);
  });

  test('prints a person by the immutable ID', async () => {
    const found = await lookupJson('alice');
    const id = /corp:([0-9a-f-]+)/.exec(JSON.stringify(found))?.[1] ?? '';

    expect(await lookupJson('--id', id, '--claim', 'email=mail')).toEqual(alice);
  });

  test('prints one member a line, and the subject with the name of the directory', async () => {
    const { code, out } = await lookup('alice', '--directory', 'people');

    expect([code, out.split('\n').slice(1)]).toEqual([
      0,
      [
        'name: alice',
        `dn: uid=alice,${PEOPLE}`,
        'state: active',
        `groups: ["cn=staff,${GROUPS}"]`,
        'claims: {}',
      ],
    ]);
    expect(out).toMatch(/^subject: people:[0-9a-f-]{36}\n/);
  });

  test('prints the state of an account', async () => {
    await slapd.modify(change(`uid=bob,${PEOPLE}`, 'changetype: modify', ...LOCK));

    expect(await lookupJson('bob')).toMatchObject({ state: 'disabled' });
  });

  test('replaces control characters of the directory', async () => {
    const title = Buffer.from('\u001B[31mred').toString('base64');
    await slapd.modify(change(`uid=bob,${PEOPLE}`, 'changetype: modify', 'add: title', `title:: ${title}`));
    const { out } = await lookup('bob', '--claim', 'title=title');

    expect(out).not.toContain('\u001B');
  });

  describe('with --key', () => {
    const KEY = 'api_key: sk-x\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n';
    const writeKey = async (lines: string) => {
      await mkdir(join(directory(), 'keys'), { recursive: true });
      await writeFile(join(directory(), 'keys', 'portal.yaml'), `${KEY}key_id: portal\n${lines}\n`);
    };
    const STAFF = `users: { directory: staff }\ngroup_permissions: { "CN=Staff, ${GROUPS}": [read] }`;
    const withKey = (name: string, ...args: readonly string[]) =>
      lookup(name, '--api-keys', 'keys', '--key', 'portal', ...args);

    test('prints the scope that the groups grant, and the directory of the API key', async () => {
      await writeKey(STAFF);

      expect(JSON.parse((await withKey('alice', '--json')).out)).toMatchObject({
        subject: expect.stringMatching(/^staff:/),
        scope: 'read',
      });
    });

    test('warns about a person without permissions who is not active', async () => {
      await slapd.modify(person('eve'));
      await slapd.modify(change(`uid=eve,${PEOPLE}`, 'changetype: modify', ...LOCK));
      await writeKey(STAFF);
      const { code, out, notes } = await withKey('eve');

      expect([code, out.split('\n').at(-1), notes.split('\n')]).toEqual([
        0,
        'scope: -',
        [
          'The token endpoint rejects this person, who is disabled.',
          'No group grants a permission, so the token endpoint responds with invalid_scope.',
        ],
      ]);
    });

    test.each([
      ['an API key that asserts its users', 'users: true', [], 'set users: { directory: corp }'],
      ['another directory', STAFF, ['--directory', 'corp'], 'omit --directory'],
      ['an absent API key', STAFF, ['--key', 'other'], 'check --key and --api-keys'],
      ['an invalid file', 'users: { directory: staff }', [], 'portal.yaml'],
    ])('fails for %s', async (_, lines, args, message) => {
      await writeKey(lines);
      const { code, out, notes } = await withKey('alice', ...args);

      expect([code, out + notes]).toEqual([1, expect.stringContaining(message)]);
    });
  });

  test.each([
    ['a name', ['carol'], 'no person with this name'],
    ['a name with wildcards', ['*'], 'no person with this name'],
    ['an ID', ['--id', '00000000-0000-0000-0000-000000000000'], 'no person with this ID'],
  ])('fails for %s that no person has', async (_, args, message) => {
    const { code, out, notes } = await lookup(...args);

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain(message);
  });

  test.each([
    ['neither a name nor an ID', []],
    ['a name and an ID', ['alice', '--id', 'x']],
  ])('rejects %s with exit code 2', async (_, args) => {
    const { code, notes } = await lookup(...args);

    expect([code, notes]).toEqual([
      2,
      'error: The person is missing or ambiguous: pass either a name or --id ID',
    ]);
  });

  test('rejects a name of a directory that a token router would reject', async () => {
    expect((await lookup('alice', '--directory', 'Corp')).code).toBe(2);
  });

  test('names the cause of an outage', async () => {
    const { code, notes } = await lookup('alice', '--base-dn', `ou=absent,${PEOPLE}`);

    expect(code).toBe(1);
    expect(notes).toContain('Code: 0x20');
  });
});
