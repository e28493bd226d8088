import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { openLmdbStores } from 'passport-jwe/lmdb';
import type { Stores } from 'passport-jwe/stores';
import { setUpCommandLine } from '../support/command-line.js';
import { NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();
const STORE = ['--client', 'demo', '--store', 'store'];

/** Sessions as a service began them. */
beforeEach(async () => {
  const stores = await openLmdbStores({ path: join(directory(), 'store'), clock: () => NOW - 60 });
  for (const [id, subject] of [
    ['s1', 'alice'],
    ['s2', 'alice'],
    ['s3', 'bob'],
  ] as const) {
    await insert(stores, { id, subject, sessionId: id });
  }
  await stores.close();
});

async function insert(
  { families }: Stores,
  { id, subject, sessionId }: { readonly id: string; readonly subject: string; readonly sessionId: string },
): Promise<void> {
  const names = { clientId: 'demo', subject, sessionId, deviceId: 'phone' };
  const times = { createdAt: NOW - 50, lastUsedAt: NOW - 40, endsAt: NOW + 900 };
  const state = {
    ...{ ...names, subjectAsserted: true, sessionChosen: true },
    ...{ ...times, audience: 'https://api.example.com', scope: 'read', current: 'digest' },
  };
  await families.insert({ id, state, expiresAt: NOW + 600 });
}

test('sessions list prints the active sessions of an API key or of a user', async () => {
  expect(await runJson(['sessions', 'list', ...STORE])).toHaveLength(3);
  expect(await runJson(['sessions', 'list', ...STORE, '--user', 'bob'])).toEqual([
    {
      session: 's3',
      user: 'bob',
      device: 'phone',
      created: '2029-12-31T23:59:10Z',
      last_used: '2029-12-31T23:59:20Z',
      expires: '2030-01-01T00:10:00Z',
    },
  ]);
  expect((await run(['sessions', 'list', ...STORE, '--user', 'nobody'])).notes).toBe('None found.');
});

test('sessions end ends one session, or all of a user', async () => {
  expect((await run(['sessions', 'end', ...STORE, '--session', 's1'])).out).toBe('Ended 1 session.');
  expect(await runJson(['sessions', 'end', ...STORE, '--user', 'bob', '--all'])).toEqual({ ended: 1 });
  expect(await runJson(['sessions', 'list', ...STORE])).toMatchObject([{ session: 's2' }]);
});

test('sessions end does not end a session of another user with the same ID', async () => {
  const stores = await openLmdbStores({ path: join(directory(), 'store'), clock: () => NOW - 60 });
  await insert(stores, { id: 'other', subject: 'bob', sessionId: 's1' });
  await stores.close();

  expect(await runJson(['sessions', 'end', ...STORE, '--user', 'alice', '--session', 's1'])).toEqual({
    ended: 1,
  });
  expect(await runJson(['sessions', 'list', ...STORE, '--user', 'alice'])).toMatchObject([{ session: 's2' }]);
  expect(await runJson(['sessions', 'list', ...STORE, '--user', 'bob'])).toHaveLength(2);
});

test('sessions end keeps the revocation for access tokens of any lifetime', async () => {
  await run(['sessions', 'end', ...STORE, '--session', 's1']);
  const stores = await openLmdbStores({ path: join(directory(), 'store'), clock: () => NOW });
  const entry = stores.revocations.find('session\u0000demo\u0000s1');
  await stores.close();

  expect(entry?.expiresAt).toBeGreaterThan(NOW + 10 * 365 * 86_400);
});

test('sessions end names the missing option, with exit code 2', async () => {
  expect((await run(['sessions', 'end', ...STORE])).notes).toBe(
    'error: The session is missing: pass --session ID or --all',
  );
  expect((await run(['sessions', 'end', '--all', '--store', 'store'])).code).toBe(2);
});
