import { afterAll, beforeAll, expect, test } from '@jest/globals';
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

describeWithSlapd('directory lookup', () => {
  const { run, runJson } = setUpCommandLine();
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
    const locked = ['changetype: modify', 'add: pwdAccountLockedTime', 'pwdAccountLockedTime: 000001010000Z'];
    await slapd.modify(change(`uid=bob,${PEOPLE}`, ...locked));

    expect(await lookupJson('bob')).toMatchObject({ state: 'disabled' });
  });

  test('replaces control characters of the directory', async () => {
    const title = Buffer.from('\u001B[31mred').toString('base64');
    await slapd.modify(change(`uid=bob,${PEOPLE}`, 'changetype: modify', 'add: title', `title:: ${title}`));
    const { out } = await lookup('bob', '--claim', 'title=title');

    expect(out).not.toContain('\u001B');
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
