import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import { sweepDirectory } from '../../../src/issue/users/sweep-directory.js';
import { loadFiles } from '../../support/api-key-files.js';
import { describeOnDrivers } from '../../support/drivers.js';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
  WRITERS,
} from '../../support/fake-directory.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';
import { NOW } from '../../support/tokens.js';

const FILE = `api_key: sk-corp
key_id: corp-app
name: Corporate application
type: api_call
rate_limits: {}
permissions: [read, write]
users: { directory: corp }
group_permissions: { "${STAFF}": [read], "${WRITERS}": [write] }
`;
const FILES = { 'corp.yaml': FILE };
const ALICE = directoryPerson('u1', { name: 'alice', groups: [STAFF, WRITERS] });

let directory: FakeDirectory;
let app: SessionApp;
let open: Parameters<typeof createSessionApp>[1] = async (clock) => createMemoryStores({ clock });

beforeEach(async () => {
  directory = createFakeDirectory(ALICE);
});

const start = async (options = {}): Promise<void> => {
  app = await createSessionApp(FILES, open, { directories: { corp: directory }, ...options });
};
const begin = async (user = 'alice') => (await app.begin('sk-corp', { user })).refreshToken;
const refresh = (token: string, parameters = {}) => app.refresh(token, parameters, 'sk-corp');
const endings = () => app.records.filter(({ type }) => type === 'session.ended').length;
const sweep = async () => {
  const apiKeys = await loadFiles(FILES);
  const { stores, revocations } = app;
  return sweepDirectory({
    apiKeys,
    stores,
    revocations,
    directories: { corp: directory },
    clock: () => time,
  });
};

let time = NOW;
const passTime = (seconds: number): void => {
  time += seconds;
  app.setTime(time);
};

beforeEach(() => {
  time = NOW;
});

describeOnDrivers('sessions of people', (opener) => {
  beforeEach(async () => {
    open = opener;
    await start();
  });

  test('end if the account is disabled, with all access tokens', async () => {
    const { accessToken, refreshToken } = await app.begin('sk-corp', { user: 'alice' });
    const other = await begin();
    directory.put({ ...ALICE, state: 'disabled' });
    passTime(61);
    expect(await refresh(refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await app.use(accessToken)).toBe(401);
    expect(endings()).toBe(2);

    directory.put(ALICE);
    passTime(61);
    for (const token of [refreshToken, other]) expect((await refresh(token)).status).toBe(400);
  });

  test('stay while the account is locked', async () => {
    const token = await begin();
    directory.put({ ...ALICE, state: 'locked' });
    passTime(61);
    expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant' });
    directory.put(ALICE);
    passTime(61);
    expect((await refresh(token)).status).toBe(200);
    expect(endings()).toBe(0);
  });

  test('end only after an absence is confirmed five minutes later', async () => {
    const token = await begin();
    directory.remove('u1');
    passTime(61);
    expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant' });
    passTime(299);
    expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant' });
    expect(endings()).toBe(0);
    passTime(1);
    expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant' });
    expect(endings()).toBe(1);
  });

  test('survive an absence that was none, whose time is then forgotten', async () => {
    const token = await begin();
    directory.remove('u1');
    passTime(61);
    await refresh(token);
    directory.put(ALICE);
    passTime(400);
    const { status, refreshToken } = await refresh(token);
    expect(status).toBe(200);
    expect((await app.findFamily(refreshToken))?.state).not.toHaveProperty('absentSince');
    directory.remove('u1');
    passTime(61);
    await refresh(refreshToken);
    expect(endings()).toBe(0);
  });

  test('survive two short absences hours apart', async () => {
    const token = await begin();
    for (let count = 0; count < 2; count += 1) {
      directory.remove('u1');
      passTime(61);
      expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant' });
      directory.put(ALICE);
      passTime(2 * 3600);
    }
    expect((await refresh(token)).status).toBe(200);
    expect(endings()).toBe(0);
  });

  test('survive two short absences if another session was used in between', async () => {
    const [laptop, phone] = [await begin(), await begin()];
    directory.remove('u1');
    passTime(61);
    await refresh(laptop);
    directory.put(ALICE);
    passTime(61);
    const { refreshToken } = await refresh(phone);
    directory.remove('u1');
    passTime(400);
    expect((await refresh(laptop)).body).toMatchObject({ error: 'invalid_grant' });
    directory.put(ALICE);
    passTime(61);
    expect((await refresh(refreshToken)).status).toBe(200);
    expect((await app.findFamily(laptop))?.state.absentSince).toBe(NOW + 522);
  });

  test('end by a sweep, those of absent people by a second one', async () => {
    directory.put(directoryPerson('u2', { name: 'bob' }));
    await begin('alice');
    await begin('bob');
    directory.put({ ...ALICE, state: 'expired' });
    directory.remove('u2');
    expect(await sweep()).toEqual({ checked: 2, absent: 1, failed: 0, ended: 1, isStopped: false });
    passTime(300);
    expect(await sweep()).toEqual({ checked: 1, absent: 1, failed: 0, ended: 1, isStopped: false });
    expect(await sweep()).toEqual({ checked: 0, absent: 0, failed: 0, ended: 0, isStopped: false });
  });
});

describe('a refresh', () => {
  beforeEach(async () => {
    open = async (clock) => createMemoryStores({ clock });
    await start();
  });

  test('loses the scope of a group that the person has left, and regains no more than was granted', async () => {
    const token = await begin();
    directory.put({ ...ALICE, groups: [STAFF] });
    passTime(61);
    const { body, refreshToken } = await refresh(token);
    expect(body).toMatchObject({ scope: 'read offline_access' });
    directory.put({ ...ALICE, groups: [] });
    passTime(61);
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_scope' });
    directory.put({ ...ALICE, groups: [STAFF, WRITERS] });
    passTime(61);
    expect((await refresh(refreshToken)).body).toMatchObject({ scope: 'read write offline_access' });
  });

  test('keeps the subject of a renamed person', async () => {
    const token = await begin();
    directory.put({ ...ALICE, name: 'alice.married' });
    passTime(61);
    const { accessToken } = await refresh(token);
    expect((await app.introspect(accessToken, 'sk-corp')).body).toMatchObject({ sub: 'corp:u1' });
  });

  test('waits for a directory that is down, and does not use up the refresh token', async () => {
    const token = await begin();
    directory.setReachable(false);
    passTime(61);
    for (let count = 0; count < 3; count += 1) expect((await refresh(token)).status).toBe(503);
    directory.setReachable(true);
    passTime(3);
    expect((await refresh(token)).status).toBe(200);
  });

  test('uses an older answer for directoryStaleSeconds, but a first token does not', async () => {
    await start({ directoryStaleSeconds: 600 });
    const token = await begin();
    directory.setReachable(false);
    passTime(599);
    const { status, refreshToken } = await refresh(token);
    expect(status).toBe(200);
    expect((await app.begin('sk-corp', { user: 'alice' })).status).toBe(503);
    passTime(1);
    expect((await refresh(refreshToken)).status).toBe(503);
  });

  test.each([
    ['asserts its users', 'users: true'],
    ['names another directory', 'users: { directory: other }'],
  ])('is rejected if the API key now %s', async (_name, users) => {
    const token = await begin();
    const file = FILE.replace('users: { directory: corp }', users);
    const hasGroups = users.includes('directory');
    const changed = await app.rebuild({
      files: { 'corp.yaml': hasGroups ? file : file.replace(/^group_permissions.*\n/m, '') },
      users: { directories: { corp: directory, other: directory } },
    });
    expect((await changed.refresh(token, {}, 'sk-corp')).body).toMatchObject({ error: 'invalid_grant' });
  });

  test('is rejected for users whom the client asserted before it named a directory', async () => {
    const asserted = FILE.replace('users: { directory: corp }', 'users: true').replace(/^group_p.*\n/m, '');
    const before = await app.rebuild({ files: { 'corp.yaml': asserted } });
    const { refreshToken } = await before.begin('sk-corp', { user: 'alice' });
    const own = await before.begin('sk-corp');
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await refresh(own.refreshToken)).status).toBe(200);
  });
});

describe('sweepDirectory()', () => {
  beforeEach(async () => {
    open = async (clock) => createMemoryStores({ clock });
    const people = Array.from({ length: 40 }, (_, index) => directoryPerson(`p${index}`));
    directory = createFakeDirectory(...people);
    await start();
    for (const { name } of people) await begin(name);
  });

  test('ignores absence from 5 % of the people', async () => {
    for (const id of ['p1', 'p2']) directory.remove(id);
    expect(await sweep()).toEqual({ checked: 40, absent: 2, failed: 0, ended: 0, isStopped: true });
    passTime(301);
    expect(await sweep()).toMatchObject({ ended: 0, isStopped: true });
  });

  test('ends the sessions of fewer absent people', async () => {
    directory.remove('p1');
    expect(await sweep()).toEqual({ checked: 40, absent: 1, failed: 0, ended: 0, isStopped: false });
    passTime(301);
    expect(await sweep()).toMatchObject({ ended: 1, isStopped: false });
  });

  test('ends nothing during an outage', async () => {
    directory.put(directoryPerson('p1', { state: 'disabled' }));
    directory.setReachable(false);
    await expect(sweep()).rejects.toMatchObject({ status: 503 });
    expect(endings()).toBe(0);
  });

  test('checks each person once', async () => {
    await begin('p1');
    const before = directory.lookups.length;
    expect(await sweep()).toMatchObject({ checked: 40 });
    expect(directory.lookups.length - before).toBe(40);
  });
});
