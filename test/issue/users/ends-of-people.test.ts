import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
} from '../../support/fake-directory.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';
import { NOW } from '../../support/tokens.js';

const keyFile = (id: string, users: string) =>
  `api_key: sk-${id}\nkey_id: ${id}-app\nname: App\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n${users}\n`;
const FILES = {
  'corp.yaml': keyFile('corp', `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [read] }`),
};
const ALICE = directoryPerson('aBc', { name: 'alice' });
const DISABLED = { ...ALICE, state: 'disabled' } as const;

let directory: FakeDirectory;
let app: SessionApp;
let time: number;

beforeEach(async () => {
  time = NOW;
  directory = createFakeDirectory(ALICE);
  app = await createSessionApp(FILES, undefined, { directories: { corp: directory } });
});

const passTime = (seconds: number): void => {
  time += seconds;
  app.setTime(time);
};
const begin = (user = 'alice') => app.begin('sk-corp', { user });
const refresh = (token: string, server = app) => server.refresh(token, {}, 'sk-corp');
const typesOf = (server = app) => server.records.map(({ type }) => type);

describe('a refresh', () => {
  test('rejects a subject that the client asserted before the router had the directory', async () => {
    const old = { 'old.yaml': keyFile('old', 'users: true') };
    const before = await app.rebuild({ files: old, users: {} });
    const { refreshToken } = await before.begin('sk-old', { user: 'corp:aBc' });
    const other = await before.begin('sk-old', { user: 'other:aBc' });
    const after = await app.rebuild({ files: { ...old, ...FILES } });
    expect((await after.refresh(refreshToken, {}, 'sk-old')).body).toMatchObject({ error: 'invalid_grant' });
    expect((await after.refresh(other.refreshToken, {}, 'sk-old')).status).toBe(200);
  });

  test('detects the reuse of a refresh token although the directory is down', async () => {
    const first = (await begin()).refreshToken;
    passTime(100);
    const second = (await refresh(first)).refreshToken;
    passTime(100);
    directory.setReachable(false);
    expect((await refresh(first)).body).toMatchObject({ error: 'invalid_grant' });
    directory.setReachable(true);
    passTime(10);
    expect((await refresh(second)).body).toMatchObject({ error: 'invalid_grant' });
  });

  test('waits if the directory returns a person whose ID differs in the case of letters', async () => {
    const { refreshToken } = await begin();
    passTime(61);
    directory.findById = async () => directoryPerson('AbC', { claims: { email: 'other@example.com' } });
    expect((await refresh(refreshToken)).status).toBe(503);
  });

  test('waits during an outage if the last answer was that the account is disabled', async () => {
    directory.put(DISABLED);
    const stale = await app.rebuild({
      users: { directories: { corp: directory }, directoryStaleSeconds: 86_400 },
    });
    expect((await stale.begin('sk-corp', { user: 'alice' })).status).toBe(400);
    directory.put(ALICE);
    passTime(3600);
    const { refreshToken } = await begin();
    directory.setReachable(false);
    expect((await refresh(refreshToken, stale)).status).toBe(503);
    directory.setReachable(true);
    passTime(3);
    expect((await refresh(refreshToken, stale)).status).toBe(200);
    expect(typesOf(stale)).not.toContain('session.ended');
  });

  test('does not end sessions for a cached state that the directory no longer confirms', async () => {
    const other = await app.rebuild({});
    const { refreshToken } = await begin();
    directory.put(DISABLED);
    expect((await other.begin('sk-corp', { user: 'corp:aBc' })).status).toBe(400);
    directory.put(ALICE);
    passTime(30);
    const again = (await begin()).refreshToken;
    expect((await refresh(again, other)).status).toBe(200);
    expect(refreshToken).not.toBe(again);
  });

  test.each([
    [3, 3],
    [4, 0],
  ])(
    'of %i absent people ends the sessions of %i: many absences look like a lost right',
    async (count, ended) => {
      const people = Array.from({ length: count }, (_, index) => directoryPerson(`p${index}`));
      for (const person of people) directory.put(person);
      const tokens: string[] = [];
      for (const { name } of people) tokens.push((await begin(name)).refreshToken);
      for (const { id } of people) directory.remove(id);
      for (const seconds of [61, 301]) {
        passTime(seconds);
        for (const token of tokens) expect((await refresh(token)).status).toBe(400);
      }
      expect(typesOf().filter((type) => type === 'session.ended')).toHaveLength(ended);
    },
  );
});

describe('a token request for a disabled person', () => {
  test('ends the sessions of the person, also those of another process', async () => {
    const { accessToken, refreshToken } = await begin();
    const other = await app.rebuild({});
    directory.put(DISABLED);
    passTime(61);
    expect((await other.begin('sk-corp', { user: 'alice' })).status).toBe(400);
    expect(await app.use(accessToken)).toBe(401);
    directory.put(ALICE);
    passTime(61);
    expect((await refresh(refreshToken)).status).toBe(400);
  });

  test('revokes an access token without a session', async () => {
    const { accessToken } = await app.begin('sk-corp', { user: 'alice', scope: '' });
    directory.put(DISABLED);
    passTime(61);
    expect((await begin()).status).toBe(400);
    expect(await app.use(accessToken)).toBe(401);
  });

  test('ends the sessions at the next request if the directory does not confirm the state in time', async () => {
    const { accessToken } = await begin();
    directory.put(DISABLED);
    passTime(61);
    const { findById } = directory;
    directory.findById = async () => {
      throw new Error('no answer');
    };
    expect((await begin()).status).toBe(503);
    expect(await app.use(accessToken)).toBe(200);

    directory.findById = findById;
    passTime(3);
    expect((await begin()).status).toBe(400);
    expect(await app.use(accessToken)).toBe(401);
  });

  test('uses up no revocations of the client', async () => {
    const open = async (clock: () => number) => createMemoryStores({ clock, maxRevocationsPerClient: 20 });
    app = await createSessionApp(FILES, open, { directories: { corp: directory } });
    const { accessToken } = await begin();
    passTime(5);
    for (let index = 0; index < 40; index += 1) {
      directory.put(directoryPerson(`x${index}`, { state: 'disabled' }));
      await begin(`x${index}`);
    }
    directory.put(directoryPerson('bob'));
    const bob = await begin('bob');
    directory.put(directoryPerson('bob', { state: 'disabled' }));
    for (let count = 0; count < 40; count += 1) {
      passTime(1);
      await begin('corp:bob');
    }
    expect(bob.status).toBe(200);
    expect(await app.use(accessToken)).toBe(200);
  });
});
