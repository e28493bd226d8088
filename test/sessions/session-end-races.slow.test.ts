import { describe, expect, test } from '@jest/globals';
import {
  type AuthorizationServer,
  beginSession,
  endSessions,
  refresh,
  setUpAuthorizationServers,
  type TokenAnswer,
  use,
} from '../support/authorization-servers.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const RACES = 3;
const LINES = 4;
const TIMEOUT_MS = 60_000;

/** Longest time in which another process hears of a revocation. */
const NEWS_MS = 1000;

const random = createRandom(12);

/** Uses a session without a pause until that fails; every answer that it was given. */
async function useUntilItEnds(server: AuthorizationServer): Promise<readonly TokenAnswer[]> {
  const answers = [await beginSession(server)];
  for (;;) {
    const answer = await refresh(server, answers.at(-1)?.refreshToken ?? '');
    if (answer.status !== 200) return answers;
    answers.push(answer);
  }
}

async function untilRefused(server: AuthorizationServer, accessToken: string): Promise<void> {
  const deadline = performance.now() + NEWS_MS;
  while ((await use(server, accessToken)) !== 401) {
    if (performance.now() > deadline) throw new Error('An access token outlived its session');
  }
}

/** Until the clock shows so many milliseconds past a second. */
async function untilMilliseconds(milliseconds: number): Promise<void> {
  const waitMs = (1000 + milliseconds - (Date.now() % 1000)) % 1000;
  await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
}

async function race([one, other]: readonly [AuthorizationServer, AuthorizationServer]): Promise<void> {
  for (let run = 0; run < RACES; run += 1) {
    // After the second of the last cut-off, which revokes what is issued in it, and just before the next one begins.
    await untilMilliseconds(0);
    await untilMilliseconds(820 + 160 * random());
    const { accessToken } = await beginSession(other);
    const lines = Array.from({ length: LINES }, () => useUntilItEnds(one));
    await Promise.race([...lines, refreshSome(one, 3)]);
    expect(await endSessions(other, accessToken)).toBe(204);

    const answers = (await Promise.all(lines)).flat();
    for (const { refreshToken } of answers) {
      expect((await refresh(one, refreshToken)).status).toBe(400);
      expect((await refresh(other, refreshToken)).status).toBe(400);
    }
    for (const answer of answers) await untilRefused(one, answer.accessToken);
  }
}

/** Passes the time in which the others make some steps. */
async function refreshSome(server: AuthorizationServer, steps: number): Promise<void> {
  let { refreshToken } = await beginSession(server);
  for (let step = 0; step < steps; step += 1)
    refreshToken = (await refresh(server, refreshToken)).refreshToken;
}

async function raceOn(location?: string): Promise<void> {
  const servers = await setUpAuthorizationServers(location);
  try {
    await race([await servers.start(), await servers.start()]);
  } finally {
    await servers.dispose();
  }
}

describe('the end of all sessions in one process while another refreshes them', () => {
  test('leaves no live token on LMDB', () => raceOn(), TIMEOUT_MS);
});

describeWithRedis('the end of all sessions in one process while another refreshes them', () => {
  test('leaves no live token on Redis', () => withRedis(({ url }) => raceOn(url)), TIMEOUT_MS);
});
