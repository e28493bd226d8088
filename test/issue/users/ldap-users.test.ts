import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Directory, ldapDirectory } from 'passport-jwe/ldap';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  type Slapd,
  startSlapd,
} from '../../support/slapd.js';
import { NOW } from '../../support/tokens.js';

const dnOf = (uid: string): string => `uid=${uid},${PEOPLE}`;

const FILES = {
  'corp.yaml': `api_key: sk-corp
key_id: corp-app
name: Corporate application
type: api_call
rate_limits: {}
permissions: [read, write]
users: { directory: corp }
group_permissions:
  "cn=staff,${GROUPS}": [read]
  "CN=Writers, ${GROUPS.toUpperCase().replace(/,/g, ' , ')}": [write]
`,
};

const NAMES = ['alice', 'renamed', 'deleted', 'leaver', 'disabled', 'locked', 'outage'];
const ENTRIES = [
  ...NAMES.map((uid) => person(uid)),
  person('odd').replace('uid: odd', `uid: odd\nuid:: ${Buffer.from('Zoë *)(uid=').toString('base64')}`),
  group('staff', ...[...NAMES, 'odd'].map(dnOf)),
  group('writers', dnOf('alice'), dnOf('leaver')),
].join('\n');

describeWithSlapd('users of slapd over LDAPS', () => {
  let authority: CertificateAuthority;
  let slapd: Slapd;
  let directory: Directory;
  let app: SessionApp;
  let time = NOW;

  beforeAll(async () => {
    authority = await createCertificateAuthority();
    slapd = await startSlapd({ certificate: await authority.issue(), entries: ENTRIES });
    directory = ldapDirectory({
      ...slapd.options,
      url: `ldaps://127.0.0.1:${slapd.tlsPort}`,
      caFile: authority.caFile,
      claims: { email: 'mail' },
    });
  });

  afterAll(async () => {
    await directory.close();
    await slapd.dispose();
    await authority.dispose();
  });

  beforeEach(async () => {
    time = NOW;
    app = await createSessionApp(FILES, undefined, { directories: { corp: directory } });
  });

  const begin = (user: string) => app.begin('sk-corp', { user });
  const refresh = (token: string) => app.refresh(token, {}, 'sk-corp');
  const passTime = (seconds = 61): void => {
    time += seconds;
    app.setTime(time);
  };
  const subjectOf = async (token: string) => (await app.introspect(token, 'sk-corp')).body['sub'];

  test('receive tokens with their entryUUID and the scope of their groups', async () => {
    const { body, accessToken } = await begin('alice');
    expect(body).toMatchObject({ scope: 'read write offline_access' });
    expect(await subjectOf(accessToken)).toMatch(/^corp:[0-9a-f-]{36}$/);
  });

  test('keep their subject and their session when they are renamed', async () => {
    const { accessToken, refreshToken } = await begin('renamed');
    const rename = ['changetype: modrdn', 'newrdn: uid=married', 'deleteoldrdn: 1'];
    await slapd.modify(change(dnOf('renamed'), ...rename));
    passTime();
    const answer = await refresh(refreshToken);
    expect(answer.status).toBe(200);
    expect(await subjectOf(answer.accessToken)).toBe(await subjectOf(accessToken));
    expect((await begin('renamed')).body).toMatchObject({ error: 'invalid_grant' });
  });

  test('lose their session when they stay deleted for five minutes', async () => {
    const { refreshToken } = await begin('deleted');
    await slapd.modify(change(dnOf('deleted'), 'changetype: delete'));
    passTime();
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await app.findFamily(refreshToken))?.state.ended).toBeUndefined();
    passTime(300);
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await app.findFamily(refreshToken))?.state.ended).toBe('revoked');
  });

  test('lose the scope of a group between two refreshes', async () => {
    const first = await begin('leaver');
    const second = await refresh(first.refreshToken);
    expect(second.body).toMatchObject({ scope: 'read write offline_access' });
    const leave = ['changetype: modify', 'delete: member', `member: ${dnOf('leaver')}`];
    await slapd.modify(change(`cn=writers,${GROUPS}`, ...leave));
    passTime();
    expect((await refresh(second.refreshToken)).body).toMatchObject({ scope: 'read offline_access' });
  });

  test('lose all sessions when the account is disabled, but not when it is locked', async () => {
    const lock = (uid: string, value: string) =>
      slapd.modify(
        change(
          dnOf(uid),
          'changetype: modify',
          'add: pwdAccountLockedTime',
          `pwdAccountLockedTime: ${value}`,
        ),
      );
    const [disabled, locked] = [await begin('disabled'), await begin('locked')];
    await lock('disabled', '000001010000Z');
    await lock('locked', new Date().toISOString().replace(/[-:T]|\.\d+/g, ''));
    passTime();
    for (const { refreshToken } of [disabled, locked]) {
      expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    }
    expect((await app.findFamily(disabled.refreshToken))?.state.ended).toBe('revoked');
    expect((await app.findFamily(locked.refreshToken))?.state.ended).toBeUndefined();
  });

  test.each([
    '*',
    '*)(uid=*',
    'alice)(uid=*',
    'alice\\2a',
    '\\61lice',
    'Zoë *',
    'corp:*',
    'corp:',
    'dn=x,y+z',
  ])('are not found by the injection %j', async (user) => {
    expect(await begin(user)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('are found by names with the characters of filters', async () => {
    expect((await begin('Zoë *)(uid=')).status).toBe(200);
  });

  test.each(['alice\0', '\0'])('are not found by a name with NUL', async (user) => {
    expect((await begin(user)).body).toMatchObject({ error: 'invalid_request' });
  });

  test('wait while slapd is down, and can use their refresh token afterwards', async () => {
    const { refreshToken } = await begin('outage');
    await slapd.kill();
    passTime();
    for (let count = 0; count < 3; count += 1) expect((await refresh(refreshToken)).status).toBe(503);
    expect((await begin('alice')).status).toBe(503);
    await slapd.start();
    passTime(3);
    expect((await refresh(refreshToken)).status).toBe(200);
    const outage = app.records.filter(({ type }) => type.startsWith('directory.'));
    expect(outage.map(({ type }) => type)).toEqual(['directory.unreachable', 'directory.reachable']);
  });
});
