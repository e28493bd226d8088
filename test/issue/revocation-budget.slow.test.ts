import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import {
  createSessionApp,
  SESSION_KEYS,
  type SessionAnswer,
  type SessionApp,
} from '../support/session-app.js';
import { NOW } from '../support/tokens.js';

const BOUND = { maxRevocationsPerClient: 10 };
const USERS = Array.from({ length: 35 }, (_, index) => `user${index}`);
const DAY = 86_400;

const FILES = {
  ...SESSION_KEYS,
  'demo.yaml': String(SESSION_KEYS['demo.yaml']).replace('[read, write]', '[read, write, manage:sessions]'),
};

type OpenStores = (clock: () => number) => Stores | Promise<Stores>;

/** An API key that revokes more than the store keeps apart. */
function describeBudget(driver: string, openStores: OpenStores): void {
  describe(`beyond the bound of an API key, on ${driver}`, () => {
    let app: SessionApp;
    let opened: Stores;

    beforeEach(async () => {
      app = await createSessionApp(FILES, async (clock) => {
        opened = await openStores(clock);
        return opened;
      });
    });

    afterEach(() => opened.close());

    const begin = (user: string, session = `of-${user}`): Promise<SessionAnswer> =>
      app.begin('sk-demo', { user, session_id: session, scope: 'offline_access manage:sessions' });

    /** Every user signs in and out, a second each. */
    async function signOutAll(signOut: (signedIn: SessionAnswer, user: string) => Promise<SessionAnswer>) {
      const all: { readonly signedIn: SessionAnswer; readonly status: number }[] = [];
      for (const [index, user] of USERS.entries()) {
        app.setTime(NOW + index);
        const signedIn = await begin(user);
        all.push({ signedIn, status: (await signOut(signedIn, user)).status });
      }
      app.setTime(NOW + USERS.length + 1);
      return all;
    }

    test.each<[string, (signedIn: SessionAnswer, user: string) => Promise<SessionAnswer>, number]>([
      ['POST /oauth/revoke', ({ refreshToken }) => app.revoke(refreshToken), 200],
      [
        'DELETE /sessions/:id',
        ({ accessToken }, user) => app.manage(accessToken, 'delete', `/of-${user}`),
        204,
      ],
      ['DELETE /sessions', ({ accessToken }) => app.manage(accessToken, 'delete'), 204],
    ])('every sign-out succeeds and holds: %s', async (_name, signOut, status) => {
      const all = await signOutAll(signOut);
      const verdicts = await Promise.all(all.map(({ signedIn }) => app.use(signedIn.accessToken)));
      const refreshed = [];
      for (const [index, { signedIn }] of all.entries()) {
        refreshed.push((await app.refresh(signedIn.refreshToken, { session_id: `of-user${index}` })).status);
      }

      expect(new Set(all.map((one) => one.status))).toEqual(new Set([status]));
      expect(new Set(verdicts)).toEqual(new Set([401]));
      expect(new Set(refreshed)).toEqual(new Set([400]));
    });

    test('a leaked access token can be revoked', async () => {
      await signOutAll(({ refreshToken }) => app.revoke(refreshToken));
      const { accessToken } = await begin('victim');
      expect(await app.use(accessToken)).toBe(200);

      expect((await app.revoke(accessToken)).status).toBe(200);
      expect(await app.use(accessToken)).toBe(401);
    });

    test('a user who did not sign out only needs to refresh', async () => {
      const { refreshToken } = await begin('bystander');
      await signOutAll(({ refreshToken: given }) => app.revoke(given));
      const { status, accessToken } = await app.refresh(refreshToken, { session_id: 'of-bystander' });

      expect(status).toBe(200);
      expect(await app.use(accessToken)).toBe(200);
    });

    test('many sign-outs of one user do not revoke the access tokens of another', async () => {
      const { accessToken } = await begin('bystander');
      for (let index = 0; index < 35; index += 1) {
        app.setTime(NOW + index);
        await app.revoke((await begin('restless', `s${index}`)).refreshToken);
      }

      expect(await app.use(accessToken)).toBe(200);
    });

    test('ends of sessions are removed after access tokens have expired', async () => {
      await signOutAll(({ refreshToken }) => app.revoke(refreshToken));
      app.setTime(NOW + DAY + 600);
      await app.revoke((await begin('late')).refreshToken);

      expect(opened.revocations.size).toBe(1);
    });
  });
}

describeBudget('memory', (clock) => createMemoryStores({ clock, ...BOUND }));

const directories: string[] = [];

afterAll(() => Promise.all(directories.map((path) => rm(path, { recursive: true }))));

describeBudget('LMDB', async (clock) => {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-budget-'));
  directories.push(directory);
  return openLmdbStores({ path: join(directory, 'store'), clock, ...BOUND });
});

describeWithRedis('with a separate Redis', () => {
  let redis: RedisServer;
  let serial = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.dispose());

  describeBudget('Redis', (clock) => {
    serial += 1;
    return openRedisStores({
      ...{ url: redis.url, prefix: `budget-${serial}`, commandTimeoutMs: 2000, clock },
      ...BOUND,
    });
  });
});
