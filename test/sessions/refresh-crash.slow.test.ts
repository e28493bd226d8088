import { describe, expect, test } from '@jest/globals';
import {
  type AuthorizationServer,
  beginSession,
  refresh,
  setUpAuthorizationServers,
} from '../support/authorization-servers.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, startRedis } from '../support/redis.js';

/** 10 in the suite, 200 by `npm run soak`. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 10);
const ROUND_TIMEOUT_MS = 15_000;
const LONGEST_LIFE_MS = 120;

const random = createRandom(77);

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The tokens of one family in the order in which they came; the last may or may not have been consumed. */
async function rotateUntilItFails(server: AuthorizationServer, first: string): Promise<readonly string[]> {
  const tokens = [first];
  for (;;) {
    const answer = await refresh(server, tokens.at(-1) ?? '').catch(() => undefined);
    if (answer?.status !== 200) return tokens;
    tokens.push(answer.refreshToken);
  }
}

/** Two families that are used without end. */
async function startLines(server: AuthorizationServer) {
  const first = [await beginSession(server), await beginSession(server)];
  return { ended: Promise.all(first.map(({ refreshToken }) => rotateUntilItFails(server, refreshToken))) };
}

/** A client that lost an answer gets it, and what was consumed before stays consumed, which ends the family. */
async function expectIntact(server: AuthorizationServer, tokens: readonly string[]): Promise<void> {
  const last = tokens.at(-1) ?? '';
  const retried = await refresh(server, last);
  expect(retried.status).toBe(200);
  const repeated = await refresh(server, last);
  expect(repeated.refreshToken).toBe(retried.refreshToken);

  const consumed = tokens.at(-2);
  if (consumed === undefined) return;
  expect((await refresh(server, consumed)).status).toBe(400);
  expect((await refresh(server, retried.refreshToken)).status).toBe(400);
}

describe('kill -9 of a process during rotations on LMDB', () => {
  test(
    `keeps consumed tokens consumed, and gives a client that asks again its successor, ${ROUNDS} times`,
    async () => {
      const servers = await setUpAuthorizationServers();
      try {
        const survivor = await servers.start();
        for (let round = 0; round < ROUNDS; round += 1) {
          const casualty = await servers.start();
          const lines = await startLines(casualty);
          await pause(30 + random() * LONGEST_LIFE_MS);
          casualty.program.process.kill('SIGKILL');
          for (const tokens of await lines.ended) await expectIntact(survivor, tokens);
        }
      } finally {
        await servers.dispose();
      }
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});

describeWithRedis('kill -9 of a Redis with appendfsync always during rotations', () => {
  test(
    `keeps consumed tokens consumed, and gives a client that asks again its successor, ${ROUNDS} times`,
    async () => {
      const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']);
      const servers = await setUpAuthorizationServers(redis.url);
      try {
        const server = await servers.start();
        for (let round = 0; round < ROUNDS; round += 1) {
          const lines = await startLines(server);
          await pause(30 + random() * LONGEST_LIFE_MS);
          await redis.kill();
          const families = await lines.ended;
          await redis.start();
          while ((await beginSession(server)).status !== 200) await pause(20);
          for (const tokens of families) await expectIntact(server, tokens);
        }
      } finally {
        await servers.dispose();
        await redis.dispose();
      }
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});
