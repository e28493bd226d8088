import { beforeEach, expect, test } from '@jest/globals';
import { createMemoryStores, TemporarilyUnavailableError } from 'passport-jwe';
import { sweepDirectory } from '../../../src/issue/users/sweep-directory.js';
import { loadFiles } from '../../support/api-key-files.js';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
} from '../../support/fake-directory.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';
import { NOW } from '../../support/tokens.js';

const fileOf = (key: string, directory: string): string => `api_key: sk-${key}
key_id: ${key}-app
name: ${key}
type: api_call
rate_limits: {}
permissions: [read]
users: { directory: ${directory} }
group_permissions: { "${STAFF}": [read] }
`;
/** Two clients with people of one directory, and a client with people of another. */
const FILES = {
  'one.yaml': fileOf('one', 'corp'),
  'two.yaml': fileOf('two', 'corp'),
  'lab.yaml': fileOf('lab', 'lab'),
};

let corp: FakeDirectory;
let lab: FakeDirectory;
let app: SessionApp;
let time: number;

const createPeople = (prefix: string, length: number): FakeDirectory =>
  createFakeDirectory(...Array.from({ length }, (_, index) => directoryPerson(`${prefix}${index}`)));
const passTime = (seconds: number): void => {
  time += seconds;
  app.setTime(time);
};
const begin = async (key: string, user: string) => (await app.begin(`sk-${key}`, { user })).refreshToken;
const sweep = async (directories = { corp, lab }, clock = () => time) => {
  const apiKeys = await loadFiles(FILES);
  const { stores, revocations } = app;
  return sweepDirectory({ apiKeys, stores, revocations, directories, clock });
};
/** The directory with unusable entries. */
const withUnusable = (...ids: readonly string[]): FakeDirectory => ({
  ...corp,
  async findById(id) {
    if (ids.includes(id)) throw new TemporarilyUnavailableError({ cause: new Error('two entries') });
    return corp.findById(id);
  },
});

beforeEach(async () => {
  time = NOW;
  [corp, lab] = [createPeople('c', 30), createPeople('l', 3)];
  app = await createSessionApp(FILES, async (clock) => createMemoryStores({ clock }), {
    directories: { corp, lab },
  });
});

test('people at two clients count once, and their sessions at both end', async () => {
  for (let index = 0; index < 10; index += 1) for (const key of ['one', 'two']) await begin(key, `c${index}`);
  corp.remove('c0');
  const before = corp.lookups.length;
  expect(await sweep()).toEqual({ checked: 10, absent: 1, failed: 0, ended: 0, isStopped: false });
  expect(corp.lookups.length - before).toBe(10);
  passTime(300);
  expect(await sweep()).toMatchObject({ absent: 1, ended: 2, isStopped: false });
});

test('counts the ended sessions of several people', async () => {
  for (const key of ['one', 'two']) for (const id of ['c0', 'c1', 'c2']) await begin(key, id);
  for (const id of ['c0', 'c1']) corp.put(directoryPerson(id, { state: 'disabled' }));
  expect(await sweep()).toMatchObject({ checked: 3, ended: 4 });
});

test('a large directory does not hide that a small one shows none of its people', async () => {
  for (let index = 0; index < 30; index += 1) await begin('one', `c${index}`);
  for (const id of ['l0', 'l1']) {
    await begin('lab', id);
    lab.remove(id);
  }
  corp.remove('c0');
  expect(await sweep()).toMatchObject({ absent: 3, isStopped: true });
  passTime(300);
  expect(await sweep()).toMatchObject({ absent: 3, ended: 1, isStopped: true });
});

test('continues after an unusable entry, and does not count the person as absent', async () => {
  for (let index = 0; index < 4; index += 1) await begin('one', `c${index}`);
  corp.put(directoryPerson('c3', { state: 'disabled' }));
  const result = await sweep({ corp: withUnusable('c0', 'c1'), lab });
  expect(result).toEqual({ checked: 2, absent: 0, failed: 2, ended: 1, isStopped: false });
});

test('an outage of one directory stops the lookups there, and no others', async () => {
  for (let index = 0; index < 30; index += 1) await begin('one', `c${index}`);
  await begin('lab', 'l0');
  lab.put(directoryPerson('l0', { state: 'disabled' }));
  corp.setReachable(false);
  const before = corp.lookups.length;
  const passing = (): number => {
    time += 3;
    return time;
  };
  await expect(sweep({ corp, lab }, passing)).rejects.toMatchObject({ status: 503 });
  // Ten people at a time, and the probe.
  expect(corp.lookups.length - before).toBe(11);
  expect((await app.sessions.list({ clientId: 'lab-app' })).sessions).toEqual([]);
});

test('a daily sweep confirms the absence of the day before, and no older one', async () => {
  await begin('one', 'c0');
  corp.remove('c0');
  await sweep();
  passTime(27 * 3600);
  expect(await sweep()).toMatchObject({ absent: 1, ended: 0 });
  passTime(24 * 3600);
  expect(await sweep()).toMatchObject({ absent: 1, ended: 1 });
});

test('a person who has used a session at another client since then was present', async () => {
  await begin('one', 'c0');
  const other = await begin('two', 'c0');
  corp.remove('c0');
  await sweep();
  corp.put(directoryPerson('c0'));
  passTime(61);
  expect((await app.refresh(other, {}, 'sk-two')).status).toBe(200);
  corp.remove('c0');
  passTime(400);
  expect(await sweep()).toMatchObject({ absent: 1, ended: 0 });
  passTime(300);
  expect(await sweep()).toMatchObject({ absent: 1, ended: 2 });
});
