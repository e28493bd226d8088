import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Directory, type LdapDirectoryOptions, ldapDirectory } from 'passport-jwe/ldap';
import { outageOf } from '../../support/ldap-outcomes.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  SERVICE_DN,
  SERVICE_PASSWORD,
  type Slapd,
  SUFFIX,
  startSlapd,
  withSlapd,
} from '../../support/slapd.js';
import { untypedValue } from '../../support/untyped.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Ask for readiness as a probe does, until the directory is ready. */
async function untilReady(directory: Directory): Promise<void> {
  while (!directory.isReady()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const dnOf = (uid: string): string => `uid=${uid},${PEOPLE}`;

/** Names that have a meaning in filters and distinguished names. */
const ODD_NAMES = [
  'star*',
  'paren(s)',
  'back\\slash',
  'Zoë 李',
  'comma, plus+equals=',
  '#hash',
  '(uid=*)',
  'quote"',
];
const ENTRIES = [
  ...['alice', 'renamed', 'moved', 'deleted', 'leaver', 'locked', 'disabled', 'reset', 'unlocked'].map(
    (uid) => person(uid),
  ),
  person('shadow', { more: 'objectClass: shadowAccount\nshadowExpire: 1\n' }),
  person('several', { more: 'mail: second@example.com\nmobile: 123\n' }),
  person('odd', { password: 'pässwörd (*)\\ with spaces ' }),
  person('twin'),
  person('twin', { parent: `ou=guests,${PEOPLE}` }).replace(
    /^/,
    `dn: ou=guests,${PEOPLE}\nobjectClass: organizationalUnit\nou: guests\n\n`,
  ),
  ...ODD_NAMES.map((name, index) =>
    person(`odd${index}`).replace(
      `uid: odd${index}`,
      `uid: odd${index}\nuid:: ${Buffer.from(name).toString('base64')}`,
    ),
  ),
  `dn: cn=nameless,${PEOPLE}\nobjectClass: person\ncn: nameless\nsn: nameless\n\n`,
  group('staff', dnOf('alice'), dnOf('leaver')),
  group('admins', dnOf('alice')),
  group('odd\\, group', dnOf('alice')),
  `dn: ou=referrals,${SUFFIX}\nobjectClass: organizationalUnit\nou: referrals\n\n`,
  `dn: cn=elsewhere,ou=referrals,${SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\ncn: elsewhere\nref: ldap://other.example.com/\n`,
].join('\n');

describeWithSlapd('ldapDirectory() with OpenLDAP', () => {
  const open: Directory[] = [];
  let slapd: Slapd;
  let directory: Directory;

  const create = (options: Partial<LdapDirectoryOptions> = {}): Directory => {
    const created = ldapDirectory({ ...slapd.options, ...options });
    open.push(created);
    return created;
  };

  beforeAll(async () => {
    slapd = await startSlapd({ entries: ENTRIES });
    directory = create({ claims: { email: 'mail', phone: 'mobile' } });
  });

  afterAll(async () => {
    await Promise.all(open.map((each) => each.close()));
    await slapd.dispose();
  });

  describe('finds', () => {
    test('a person by name, with groups and claims', async () => {
      const alice = await directory.findByName('alice');

      expect(alice).toEqual({
        id: expect.stringMatching(UUID),
        dn: dnOf('alice'),
        name: 'alice',
        state: 'active',
        groups: [`cn=staff,${GROUPS}`, `cn=admins,${GROUPS}`, `cn=odd\\2C group,${GROUPS}`],
        claims: { email: 'alice@example.com' },
      });
      expect(await directory.findById(String(alice?.id))).toEqual(alice);
    });

    test('all values of a claim with several', async () => {
      const { claims } = (await directory.findByName('several')) ?? {};

      expect(claims).toEqual({ email: ['several@example.com', 'second@example.com'], phone: '123' });
    });

    test('the same groups by a search below groups.baseDn', async () => {
      const searching = create({ groups: { baseDn: GROUPS } });

      const [found, attribute] = await Promise.all(
        [searching, directory].map((each) => each.findByName('alice')),
      );

      expect([...(found?.groups ?? [])].sort()).toEqual([...(attribute?.groups ?? [])].sort());
      expect(found?.groups).toHaveLength(3);
    });

    test('no absent person, and no group of a person without groups', async () => {
      expect(await directory.findByName('absent')).toBeUndefined();
      expect(await directory.findById('8f14e45f-ceea-467f-a8d5-6e5b1c5f2a11')).toBeUndefined();
      expect((await directory.findByName('several'))?.groups).toEqual([]);
    });

    test('a renamed person by ID, with the new name', async () => {
      const before = await directory.findByName('renamed');
      await slapd.modify(
        change(dnOf('renamed'), 'changetype: modrdn', 'newrdn: uid=married', 'deleteoldrdn: 1'),
      );

      const after = await directory.findById(String(before?.id));

      expect([after?.id, after?.name, after?.dn]).toEqual([before?.id, 'married', dnOf('married')]);
      expect(await directory.findByName('renamed')).toBeUndefined();
    });

    test('a person by each spelling that the server considers equal, with the name in the directory', async () => {
      const names = [];
      for (const spelling of ['ALICE', ' alice  ', 'ａｌｉｃｅ'])
        names.push((await directory.findByName(spelling))?.name);

      expect(names).toEqual(['alice', 'alice', 'alice']);
    });

    test('a moved person by ID', async () => {
      const before = await directory.findByName('moved');
      const move = [
        'changetype: modrdn',
        'newrdn: uid=moved',
        'deleteoldrdn: 0',
        `newsuperior: ou=guests,${PEOPLE}`,
      ];
      await slapd.modify(change(dnOf('moved'), ...move));

      expect((await directory.findById(String(before?.id)))?.dn).toBe(`uid=moved,ou=guests,${PEOPLE}`);
    });

    test('no deleted person, also when the name is assigned again', async () => {
      const before = await directory.findByName('deleted');
      await slapd.modify(change(dnOf('deleted'), 'changetype: delete') + person('deleted'));

      expect(await directory.findById(String(before?.id))).toBeUndefined();
      expect((await directory.findByName('deleted'))?.id).not.toBe(before?.id);
    });

    test('no group from which a person was removed', async () => {
      const before = await directory.findByName('leaver');
      const remove = ['changetype: modify', 'delete: member', `member: ${dnOf('leaver')}`];
      await slapd.modify(change(`cn=staff,${GROUPS}`, ...remove));

      expect(before?.groups).toEqual([`cn=staff,${GROUPS}`]);
      expect((await directory.findByName('leaver'))?.groups).toEqual([]);
    });
  });

  describe('injection', () => {
    const INJECTIONS = [
      '*',
      'a*',
      'alice)(uid=*',
      '*)(uid=*))(|(uid=*',
      '\\2a',
      'alice\0',
      '\0',
      'alice,ou=people',
      '(',
      ')',
      '\ud800',
    ];

    test('a name with the syntax of filters finds no person', async () => {
      const found: string[] = [];
      for (const name of INJECTIONS) if ((await directory.findByName(name)) !== undefined) found.push(name);
      for (const id of INJECTIONS) if ((await directory.findById(id)) !== undefined) found.push(id);

      expect(found).toEqual([]);
    });

    test('people whose names contain such characters are found by their exact names', async () => {
      const found = [];
      for (const name of ODD_NAMES) found.push((await directory.findByName(name))?.dn);

      expect(found).toEqual(ODD_NAMES.map((_, index) => dnOf(`odd${index}`)));
    });

    test('a password with such characters is compared by its octets', async () => {
      const password = 'pässwörd (*)\\ with spaces ';
      const kinds: string[] = [];
      for (const attempt of [password, `${password}\0`, password.trim(), '*', '\0', 'pässwörd*']) {
        kinds.push((await directory.authenticate('odd', attempt)).kind);
      }

      expect(kinds).toEqual(['authenticated', ...Array(5).fill('rejected')]);
    });
  });

  describe('checks passwords', () => {
    test('and returns the person', async () => {
      const person = await directory.findByName('alice');

      expect(await directory.authenticate('alice', 'password of alice')).toEqual({
        kind: 'authenticated',
        person,
      });
    });

    test('and tells wrong passwords from unknown names, for the audit log', async () => {
      const wrong = { kind: 'rejected', reason: 'password' };

      expect(await directory.authenticate('alice', 'wrong')).toEqual(wrong);
      expect(await directory.authenticate('absent', 'password of alice')).toEqual({
        kind: 'rejected',
        reason: 'unknown',
      });
      // An entry without a password.
      expect(await create({ userAttributes: { name: 'cn' } }).authenticate('nameless', 'x')).toEqual(wrong);
    });

    test('and never binds without one, although the server accepts anonymous binds', async () => {
      const kinds: string[] = [];
      for (const password of [
        '',
        undefined,
        null,
        0,
        [],
        [''],
        ['password of alice'],
        {},
        true,
        'x'.repeat(257),
      ]) {
        const result = await directory.authenticate('alice', untypedValue(password));
        kinds.push(result.kind === 'rejected' ? result.reason : result.kind);
      }

      expect(new Set(kinds)).toEqual(new Set(['password']));
    });

    test('and rejects a name that is no string or too long', async () => {
      for (const name of ['', undefined, null, ['alice'], {}, 'a'.repeat(300_000)]) {
        const wrong = untypedValue(name);

        expect(await directory.authenticate(wrong, 'x')).toEqual({ kind: 'rejected', reason: 'unknown' });
        expect([await directory.findByName(wrong), await directory.findById(wrong)]).toEqual([
          undefined,
          undefined,
        ]);
      }
    });
  });

  describe('state of an account', () => {
    const signIn = (uid: string, password = `password of ${uid}`) => directory.authenticate(uid, password);
    const set = (uid: string, attribute: string, value: string) =>
      slapd.modify(
        change(dnOf(uid), 'changetype: modify', `replace: ${attribute}`, `${attribute}: ${value}`),
      );

    test('the password policy locks it after failures, also for the right password', async () => {
      const reasons: unknown[] = [];
      for (let attempt = 0; attempt < 3; attempt += 1) reasons.push(await signIn('locked', 'wrong'));

      expect(reasons).toEqual(Array(3).fill({ kind: 'rejected', reason: 'password' }));
      expect(await signIn('locked')).toEqual({ kind: 'rejected', reason: 'locked' });
      expect((await directory.findByName('locked'))?.state).toBe('locked');
    });

    test('a person can sign in after the lockout has expired', async () => {
      await set('unlocked', 'pwdAccountLockedTime', '20200101000000Z');

      expect((await directory.findByName('unlocked'))?.state).toBe('locked');
      expect(await signIn('unlocked')).toMatchObject({ kind: 'authenticated', person: { state: 'active' } });
    });

    test('an administrator disables it', async () => {
      await set('disabled', 'pwdAccountLockedTime', '000001010000Z');

      expect(await signIn('disabled')).toEqual({ kind: 'rejected', reason: 'disabled' });
    });

    test('a password that must be changed is an expired one', async () => {
      await set('reset', 'pwdReset', 'TRUE');

      expect(await signIn('reset')).toEqual({ kind: 'rejected', reason: 'password_expired' });
      expect(await signIn('reset', 'wrong')).toEqual({ kind: 'rejected', reason: 'password' });
    });

    test('an expired account is rejected, and only the right password tells so', async () => {
      expect(await signIn('shadow')).toEqual({ kind: 'rejected', reason: 'expired' });
      expect(await signIn('shadow', 'wrong')).toEqual({ kind: 'rejected', reason: 'password' });
    });
  });

  describe('an incomplete answer is an outage, not absence:', () => {
    test('two people with the same name', async () => {
      expect(await outageOf(directory.findByName('twin'))).toContain('Several people have the same uid');
      expect(await outageOf(directory.authenticate('twin', 'password of twin'))).toContain('Several people');
    });

    test('a base DN that does not exist', async () => {
      const lost = create({ baseDn: `ou=nowhere,${SUFFIX}` });

      expect(await outageOf(lost.findByName('alice'))).toContain('NoSuchObjectError');
      expect(await outageOf(lost.authenticate('alice', 'password of alice'))).toContain('NoSuchObjectError');
    });

    test('a base DN of groups that does not exist', async () => {
      const lost = create({ groups: { baseDn: `ou=nowhere,${SUFFIX}` } });

      expect(await outageOf(lost.findByName('alice'))).toContain('NoSuchObjectError');
    });

    test('a referral to another server', async () => {
      const references = create({ baseDn: `ou=referrals,${SUFFIX}` });
      const referral = create({ baseDn: `cn=elsewhere,ou=referrals,${SUFFIX}` });

      expect(await outageOf(references.findByName('alice'))).toContain('refers to another server');
      expect(await outageOf(referral.findByName('alice'))).toContain('0xa');
    });

    test('more groups than the server returns', async () => {
      const limited = { entries: ENTRIES, database: `limits dn.exact="${SERVICE_DN}" size=2` };
      await withSlapd(limited, async ({ options }) => {
        const searching = ldapDirectory({ ...options, groups: { baseDn: GROUPS } });

        expect(await outageOf(searching.findByName('alice'))).toContain('SizeLimitExceededError');
        await searching.close();
      });
    });

    test('an entry whose ID or name cannot be read', async () => {
      const lost = create({ userAttributes: { name: 'cn', id: 'employeeNumber' } });

      expect(await outageOf(lost.findByName('alice'))).toContain('cannot read employeeNumber');
    });

    test('and the connection serves other searches', async () => {
      const single = create({ maxConnections: 1 });
      await single.findByName('alice');
      const connections = await slapd.countConnections();
      const outcomes = await Promise.allSettled(
        ['twin', 'alice', 'twin', 'alice'].map((name) => single.findByName(name)),
      );

      expect(outcomes.map(({ status }) => status)).toEqual([
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await slapd.countConnections()).toBe(connections);
    });
  });

  test('is ready while the directory answers, also if one person has ambiguous entries', async () => {
    const observed = create();
    const states = [observed.isReady()];
    await observed.findByName('alice');
    states.push(observed.isReady());
    await outageOf(observed.findByName('twin'));
    states.push(observed.isReady());
    const lost = create({ baseDn: `ou=nowhere,${SUFFIX}` });
    await outageOf(lost.findByName('alice'));

    expect([...states, lost.isReady()]).toEqual([false, true, true, false]);
  });

  test('becomes ready without a request, before the first one and after an outage', async () => {
    const waiting = create();
    const lost = create({ bindPasswordFile: '/nowhere/password' });

    expect([waiting.isReady(), lost.isReady()]).toEqual([false, false]);
    await untilReady(waiting);
    expect(lost.isReady()).toBe(false);

    await slapd.writePassword('wrong');
    const outage = create();
    await outageOf(outage.findByName('alice'));
    await slapd.writePassword(SERVICE_PASSWORD);

    expect(outage.isReady()).toBe(false);
    await untilReady(outage);
  });

  test('does not become ready if only the base DN of groups is wrong', async () => {
    const lost = create({ groups: { baseDn: `ou=nowhere,${SUFFIX}` } });
    const states = new Set<boolean>();
    for (let probes = 0; probes < 40; probes += 1) {
      states.add(lost.isReady());
      await slapd.countConnections();
    }

    expect([...states]).toEqual([false]);
  });

  test('closes its connections, and rejects later requests', async () => {
    const before = await slapd.countConnections();
    const closed = ldapDirectory(slapd.options);
    await closed.findByName('alice');
    const during = await slapd.countConnections();
    await closed.close();

    expect([during - before, await outageOf(closed.findByName('alice'))]).toEqual([
      1,
      'Error: The directory is closed',
    ]);
    expect(await slapd.countConnections()).toBe(before);
  });
});
