import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificate-authority.js';
import { setUpCommandLine } from '../support/command-line.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  SERVICE_DN,
  type Slapd,
  startSlapd,
  withSlapd,
} from '../support/slapd.js';

/** Row of the result. */
interface Row {
  readonly server: string;
  readonly check: string;
  readonly result: string;
  readonly detail: string;
}

describeWithSlapd('directory check', () => {
  const { directory, run } = setUpCommandLine();
  let authority: CertificateAuthority;
  let slapd: Slapd;

  const flagsOf = ({ options }: Slapd, ...more: readonly string[]): readonly string[] => [
    ...['--bind-dn', options.bindDn, '--bind-password-file', options.bindPasswordFile],
    ...['--base-dn', options.baseDn, ...more],
  ];
  const slapdUrl = () => `ldap://127.0.0.1:${slapd.port}`;
  const secure = (host = 'localhost') => `ldaps://${host}:${slapd.tlsPort}`;

  const check = async (...flags: readonly string[]) => {
    const { code, out, notes } = await run(['directory', 'check', '--json', ...flags]);
    const rows: readonly Row[] = JSON.parse(out);
    return { code, rows, notes, failed: rows.filter(({ result }) => result === 'failed') };
  };

  beforeAll(async () => {
    authority = await createCertificateAuthority();
    const entries = person('alice') + person('bob') + group('staff', `uid=alice,${PEOPLE}`);
    slapd = await startSlapd({ certificate: await authority.issue(), entries });
  });

  afterAll(async () => {
    await slapd.dispose();
    await authority.dispose();
  });

  const CHECKS = [
    ...['password file', 'connection', 'TLS', 'bind', 'base DN', 'people'],
    ...['uid', 'entryUUID', 'pwdAccountLockedTime', 'pwdReset', 'shadowExpire'],
  ];

  test('checks each server separately, and prints a line for each check', async () => {
    const urls = ['--url', secure(), '--url', secure('127.0.0.1')];
    const { code, rows } = await check(
      ...urls,
      ...flagsOf(slapd, '--ca-file', authority.caFile, '--claim', 'email=mail'),
    );

    expect([code, rows.filter(({ result }) => result !== 'ok')]).toEqual([0, []]);
    expect(rows.map((row) => [row.server, row.check])).toEqual(
      [secure(), secure('127.0.0.1')].flatMap((server) =>
        [...CHECKS, 'memberOf', 'mail'].map((name) => [server, name]),
      ),
    );
  });

  test('reports the servers after one that fails, with exit code 1', async () => {
    const urls = ['--url', 'ldap://127.0.0.1:1', '--url', slapdUrl()];
    const { code, rows, failed, notes } = await check(...urls, ...flagsOf(slapd));

    expect([code, failed]).toEqual([
      1,
      [
        {
          ...{ server: 'ldap://127.0.0.1:1', check: 'connection', result: 'failed' },
          detail: 'connect ECONNREFUSED 127.0.0.1:1: check the host, the port, the server and the firewall',
        },
      ],
    ]);
    expect(rows.filter(({ server }) => server === slapdUrl()).map(({ result }) => result)).toEqual(
      CHECKS.map(() => 'ok'),
    );
    expect(JSON.parse(notes)).toEqual({
      error: 'The directory does not work as configured: follow the advice on each failed check',
    });
  });

  test('works with StartTLS and a search for groups', async () => {
    const flags = flagsOf(slapd, '--ca-file', authority.caFile, '--start-tls', '--group-base-dn', GROUPS);
    const { code, rows } = await check('--url', slapdUrl(), ...flags);

    expect([code, rows.map((row) => row.check), rows.at(-1)?.result]).toEqual([
      0,
      [...CHECKS, 'groups'],
      'ok',
    ]);
  });

  const withAuthority = () => flagsOf(slapd, '--ca-file', authority.caFile);

  test.each<[string, () => readonly string[], string, string]>([
    [
      'an unknown authority',
      () => ['--url', secure(), ...flagsOf(slapd)],
      'TLS',
      'pass the CA certificate as --ca-file',
    ],
    [
      'LDAPS on the port of LDAP',
      () => ['--url', `ldaps://localhost:${slapd.port}`, ...withAuthority()],
      'TLS',
      'check whether the server offers LDAPS on port',
    ],
    [
      'a base DN that does not exist',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--base-dn', `ou=peeple,${PEOPLE}`],
      'base DN',
      'check --base-dn and --group-base-dn, and grant the service account the right to search them',
    ],
    [
      'a base DN without people',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--base-dn', GROUPS],
      'people',
      'No people were found: check --base-dn and --schema',
    ],
    [
      'the schema of another kind of directory',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--schema', 'active-directory'],
      'people',
      'No people were found: check --base-dn and --schema',
    ],
    [
      'an unknown service account',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--bind-dn', 'cn=other,dc=example,dc=com'],
      'bind',
      'check --bind-dn and the content of --bind-password-file',
    ],
    [
      'an absent password file',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--bind-password-file', 'absent'],
      'password file',
      'ENOENT',
    ],
    [
      'an unknown ID attribute',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--id-attribute', 'employeeId'],
      'employeeId',
      'The server does not define it: pass another --id-attribute',
    ],
    [
      'groups below an entry that does not exist',
      () => ['--url', slapdUrl(), ...flagsOf(slapd), '--group-base-dn', `ou=x,${PEOPLE}`],
      'groups',
      'check --base-dn and --group-base-dn',
    ],
  ])('explains %s', async (_, flags, name, advice) => {
    const { code, rows, failed } = await check(...flags());

    expect([code, rows.at(-1)?.check === name || name === 'employeeId', failed.length]).toEqual([1, true, 1]);
    expect(failed[0]).toMatchObject({ check: name, detail: expect.stringContaining(advice) });
  });

  test.each([
    ['for another host', { altName: 'DNS:ldap.example.com' }, 'use a host name of the certificate in --url'],
    ['that has expired', { isExpired: true }, 'renew the server certificate'],
  ])('explains a certificate %s', async (_, settings, advice) => {
    await withSlapd({ certificate: await authority.issue(settings) }, async (server) => {
      const flags = flagsOf(server, '--ca-file', authority.caFile);
      const { rows } = await check('--url', `ldaps://localhost:${server.tlsPort}`, ...flags);

      expect(rows.map((row) => row.check)).toEqual(['password file', 'connection', 'TLS']);
      expect(rows.at(-1)).toMatchObject({ result: 'failed', detail: expect.stringContaining(advice) });
    });
  });

  test('explains a password file that other users can read', async () => {
    await writeFile(join(directory(), 'password'), 'x', { mode: 0o644 });
    const { failed } = await check(
      '--url',
      slapdUrl(),
      ...flagsOf(slapd),
      '--bind-password-file',
      'password',
    );

    expect(failed).toMatchObject([{ check: 'password file', detail: expect.stringContaining('run chmod') }]);
  });

  test('never prints the password', async () => {
    const password = 'the wrong password of the service account';
    await writeFile(join(directory(), 'password'), password, { mode: 0o600 });
    const { out, notes, code } = await run([
      ...['directory', 'check', '--url', slapdUrl(), ...flagsOf(slapd)],
      ...['--bind-password-file', 'password'],
    ]);

    expect([code, out.includes('check --bind-dn and the content of --bind-password-file')]).toEqual([
      1,
      true,
    ]);
    expect(out + notes).not.toContain(password);
  });

  test('warns about a claim that no person has', async () => {
    const { code, rows } = await check('--url', slapdUrl(), ...flagsOf(slapd), '--claim', 'role=title');

    expect([code, rows.at(-1)]).toMatchObject([
      0,
      { check: 'title', result: 'warning', detail: expect.stringContaining('None of the checked people') },
    ]);
  });

  test('warns about people without a name or an ID', async () => {
    const { code, rows } = await check('--url', slapdUrl(), ...flagsOf(slapd), '--name-attribute', 'title');

    expect([code, rows.find((row) => row.check === 'title')?.result]).toEqual([1, 'failed']);
    await slapd.modify(change(`uid=bob,${PEOPLE}`, 'changetype: modify', 'add: title', 'title: bob'));
    const later = await check('--url', slapdUrl(), ...flagsOf(slapd), '--name-attribute', 'title');
    expect([later.code, later.rows.find((row) => row.check === 'title')]).toMatchObject([
      0,
      { result: 'warning', detail: expect.stringContaining('1 of 2 people') },
    ]);
  });

  test('detects each attribute that the service account must not read, although people lack it', async () => {
    const hidden = ['pwdAccountLockedTime', 'pwdReset', 'shadowExpire', 'memberOf', 'mail', 'entryUUID'];
    const database = hidden
      .map((attribute) => `access to attrs=${attribute} by dn.exact="${SERVICE_DN}" none by * none`)
      .join('\n');
    // The first rule that matches applies, and the database of the tests starts with a rule for all attributes.
    await withSlapd({ access: database, entries: person('alice') }, async (server) => {
      const { code, failed } = await check(
        ...['--url', `ldap://127.0.0.1:${server.port}`, ...flagsOf(server), '--claim', 'email=mail'],
      );

      expect([code, failed.map((row) => row.check).sort()]).toEqual([1, [...hidden].sort()]);
      for (const { detail } of failed)
        expect(detail).toBe(
          'The service account cannot read it: grant the service account the right to read it',
        );
    });
  });
});
