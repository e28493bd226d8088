import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Directory, type LdapDirectoryOptions, ldapDirectory } from 'passport-jwe/ldap';
import { outageOf } from '../../support/ldap-outcomes.js';
import {
  type ReceivedSearch,
  type RecordedEntry,
  type SearchAnswer,
  startWindowsServer,
  type WindowsServer,
  type WindowsServerSettings,
} from '../../support/windows-server.js';

const BASE = 'DC=corp,DC=example,DC=com';
const DN = `CN=Ada Lovelace\\, Dr.,OU=Staff,${BASE}`;
const GUID = Buffer.from('d7e1b2a04c5f8e4b9a3c1f2e3d4c5b6a', 'hex');
const UUID = 'a0b2e1d7-5f4c-4b8e-9a3c-1f2e3d4c5b6a';
const IN_CHAIN = '1.2.840.113556.1.4.1941';
const DOMAIN_SCOPE = '1.2.840.113556.1.4.1339';
const NORMAL_ACCOUNT = '512';
const NEVER = '9223372036854775807';

const entry = (attributes: RecordedEntry[1] = {}): RecordedEntry => [
  DN,
  {
    sAMAccountName: ['ada'],
    objectGUID: [GUID],
    userAccountControl: [NORMAL_ACCOUNT],
    accountExpires: [NEVER],
    'msDS-User-Account-Control-Computed': ['0'],
    mail: ['ada@corp.example.com'],
    ...attributes,
  },
];
const groupEntry = (name: string): RecordedEntry => [`CN=${name},OU=Groups,${BASE}`, {}];
const isGroupSearch = ({ filter }: ReceivedSearch): boolean => filter.includes(IN_CHAIN);

let folder: string;
let server: WindowsServer | undefined;
let directory: Directory | undefined;

const open = async (
  settings: Omit<WindowsServerSettings, 'search'> & {
    person?: RecordedEntry[];
    groups?: (search: ReceivedSearch) => SearchAnswer;
  } = {},
  options: Partial<LdapDirectoryOptions> = {},
): Promise<Directory> => {
  const { person = [entry()], groups = () => ({}) } = settings;
  server = await startWindowsServer({
    ...settings,
    search: (search) => (isGroupSearch(search) ? groups(search) : { entries: person }),
  });
  directory = ldapDirectory({
    url: server.url,
    schema: 'active-directory',
    bindDn: `CN=service,${BASE}`,
    bindPasswordFile: join(folder, 'password'),
    baseDn: BASE,
    claims: { email: 'mail' },
    ...options,
  });
  return directory;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passport-jwe-ad-'));
  await writeFile(join(folder, 'password'), 'password of the service account', { mode: 0o600 });
});
afterEach(async () => {
  await directory?.close();
  await server?.close();
});
afterAll(() => rm(folder, { recursive: true }));

test('a person is found by sAMAccountName, among people only, without references to other domains', async () => {
  const found = await (await open()).findByName('ada');
  const [search] = server?.searches ?? [];

  expect(found).toEqual({
    id: UUID,
    dn: DN,
    name: 'ada',
    state: 'active',
    groups: [],
    claims: { email: 'ada@corp.example.com' },
  });
  expect(search?.filter).toBe('(&(objectclass=user)(objectcategory=person)(samaccountname=ada))');
  expect(search?.controls).toEqual([DOMAIN_SCOPE]);
  expect(search?.attributes).not.toContain('memberOf');
});

test('a person is found by the octets of objectGUID', async () => {
  const found = await (await open()).findById(UUID);

  expect(found?.id).toBe(UUID);
  expect(server?.searches[0]?.filter).toContain('(objectguid=');
});

test.each([
  ['objectguid', UUID],
  ['employeeID', '4711'],
])('the ID can be %s', async (id, expected) => {
  const withNumber = [entry({ employeeID: ['4711'] })];

  expect((await (await open({ person: withNumber }, { userAttributes: { id } })).findByName('ada'))?.id).toBe(
    expected,
  );
});

test('an ID that is no UUID is absent, without a search', async () => {
  expect(await (await open()).findById('x')).toBeUndefined();
  expect(server?.searches).toEqual([]);
});

test('an objectGUID whose octets are UTF-8 is read too', async () => {
  const octets = Buffer.from('\ufeffabcdefghijklm');

  expect((await (await open({ person: [entry({ objectGUID: [octets] })] })).findByName('ada'))?.id).toBe(
    '61bfbbef-6362-6564-6667-68696a6b6c6d',
  );
});

test('nested groups are found by the matching rule', async () => {
  const groups = () => ({ entries: [groupEntry('Admins'), groupEntry('All')] });
  const found = await (await open({ groups }, { groups: { baseDn: `OU=Groups,${BASE}` } })).findByName('ada');
  const [, search] = server?.searches ?? [];

  expect(found?.groups).toEqual([`CN=Admins,OU=Groups,${BASE}`, `CN=All,OU=Groups,${BASE}`]);
  expect(search?.baseDn).toBe(`OU=Groups,${BASE}`);
  expect(search?.filter).toContain(`(member:${IN_CHAIN}:=CN=Ada Lovelace\\5c, Dr.,`);
});

/** Groups of a person in more than one page. */
const paged =
  (...sizes: readonly number[]) =>
  (search: ReceivedSearch): SearchAnswer => {
    if (search.cookie === undefined)
      return { entries: Array.from({ length: 1000 }, () => groupEntry('x')), code: 4 };
    const page = Number(search.cookie);
    const entries = Array.from({ length: sizes[page] ?? 0 }, (_, index) => groupEntry(`${page}-${index}`));
    return { entries, cookie: page + 1 < sizes.length ? String(page + 1) : '' };
  };

test('more groups than the server returns at once are read in pages', async () => {
  const found = await (await open({ groups: paged(500, 500, 7) })).findByName('ada');

  expect(new Set(found?.groups).size).toBe(1007);
});

test('an empty page before the last one is an outage, because ldapts would stop there', async () => {
  expect(await outageOf((await open({ groups: paged(500, 0, 7) })).findByName('ada'))).toContain(
    'empty page',
  );
});

test.each([
  ['the groups of a person', { memberOf: [], 'memberOf;range=0-1499': ['CN=a'] }],
  ['a claim', { 'mail;Range=0-1499': ['a@example.com'] }],
])('an attribute of which only a range is returned is an outage: %s', async (_, attributes) => {
  expect(await outageOf((await open({ person: [entry(attributes)] })).findByName('ada'))).toContain(
    'only a part of',
  );
});

test('a reference to another domain is an outage', async () => {
  const groups = () => ({ references: ['ldap://other.example.com/DC=other,DC=example,DC=com'] });

  expect(await outageOf((await open({ groups })).findByName('ada'))).toContain('refers to another server');
});

test.each([
  ['busy', 51],
  ['unavailable', 52],
  ['referral', 10],
  ['timeLimitExceeded', 3],
  ['operationsError', 1],
])('the result %s is an outage', async (_, code) => {
  await outageOf((await open({ groups: () => ({ code }) })).findByName('ada'));

  expect(server?.searches.length).toBeLessThan(8);
});

/** Seconds since 1970 as the number of 100 ns since 1601. */
const windowsTime = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);
const now = Math.floor(Date.now() / 1000);

test.each([
  ['active', {}],
  ['active', { accountExpires: ['0'] }],
  ['active', { accountExpires: [windowsTime(now + 3600)] }],
  ['expired', { accountExpires: [windowsTime(now - 3600)] }],
  ['disabled', { userAccountControl: ['514'] }],
  ['disabled', { userAccountControl: ['66050'], accountExpires: [windowsTime(now - 3600)] }],
  ['locked', { 'msDS-User-Account-Control-Computed': ['16'] }],
  ['password_expired', { 'msDS-User-Account-Control-Computed': ['8388608'] }],
  ['locked', { 'msDS-User-Account-Control-Computed': ['8388624'] }],
])('an account is %s with %j', async (state, attributes) => {
  const person = [entry(attributes)];

  expect((await (await open({ person })).findByName('ada'))?.state).toBe(state);
  expect(await directory?.authenticate('ada', 'x')).toEqual(
    state === 'active'
      ? expect.objectContaining({ kind: 'authenticated' })
      : { kind: 'rejected', reason: state },
  );
});

test('a state that the service account cannot read is an outage', async () => {
  const person = [entry({ userAccountControl: [] })];

  expect(await outageOf((await open({ person })).findByName('ada'))).toContain('userAccountControl');
});

test.each([
  ['password', '52e'],
  ['password', '525'],
  ['password_expired', '532'],
  ['disabled', '533'],
  ['expired', '701'],
  ['password_expired', '773'],
  ['locked', '775'],
  ['password', '0'],
])('a bind is rejected for %s with the code %s', async (reason, code) => {
  const diagnostic = `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${code}, v4563`;
  const bind = (dn: string) => (dn === DN ? diagnostic : undefined);

  expect(await (await open({ bind })).authenticate('ada', 'x')).toEqual({ kind: 'rejected', reason });
});

test('a password with NUL is rejected without a bind, because a server could take it for an empty one', async () => {
  const binds: string[] = [];
  const bind = (dn: string) => void binds.push(dn);
  const opened = await open({ bind });
  const reasons: unknown[] = [];
  for (const password of ['\0', '\0x', 'x\0']) reasons.push(await opened.authenticate('ada', password));

  expect(reasons).toEqual(Array(3).fill({ kind: 'rejected', reason: 'password' }));
  expect(binds).not.toContain(DN);
});
