import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { type RunningProgram, startProgram } from '../support/processes.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, startRedis } from '../support/redis.js';

/** 10 in the suite, 200 by `npm run soak`. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 10);

/** Most time that one round takes. */
const ROUND_TIMEOUT_MS = 15_000;

/** Most time in which a process that starts, or lost its neighbour, comes to revoke something. */
const PROGRESS_TIMEOUT_MS = 10_000;

const PROCESSES = 4;
const LONGEST_LIFE_MS = 150;

const random = createRandom(2026);

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function report(driver: string, round: number, acknowledged: number): void {
  if (ROUNDS > 10 && round % 10 === 0) {
    process.stderr.write(`${driver}: ${round} of ${ROUNDS} rounds, ${acknowledged} revocations, none lost\n`);
  }
}

/** The names that a program printed, but for one that its end cut off. */
function printedBy(program: RunningProgram): readonly string[] {
  return program.output().split('\n').slice(0, -1);
}

/** Until each program has printed one line more. */
async function untilProgress(programs: readonly RunningProgram[]): Promise<void> {
  const before = programs.map((program) => printedBy(program).length);
  const deadline = performance.now() + PROGRESS_TIMEOUT_MS;
  while (!programs.every((program, index) => printedBy(program).length > (before[index] ?? 0))) {
    if (performance.now() > deadline) throw new Error('A process is stuck');
    await pause(5);
  }
}

/** The proofs that a store does not recognize. */
async function forgottenBy({ replays }: Stores, digests: readonly string[]): Promise<readonly string[]> {
  const use = { jkt: 'key', quota: 1_000_000, expiresAt: Date.now() / 1000 + 3600 };
  const verdicts = await Promise.all(digests.map((digest) => replays.use({ ...use, digest })));
  return digests.filter((_, index) => verdicts[index] !== 'repeated');
}

async function killAtRandom(programs: readonly RunningProgram[]): Promise<void> {
  for (const program of programs) {
    await pause(random() * LONGEST_LIFE_MS);
    program.process.kill('SIGKILL');
    await program.ended;
  }
}

describe('kill -9 of processes that revoke on one LMDB store', () => {
  test(
    `loses nothing that was acknowledged, nor stops the others, ${ROUNDS} times`,
    async () => {
      const path = join(await mkdtemp(join(tmpdir(), 'passport-jwe-crash-')), 'store');
      const acknowledged: string[] = [];
      const running: RunningProgram[] = [];
      try {
        for (let round = 1; round <= ROUNDS; round += 1) {
          const programs = Array.from({ length: PROCESSES }, (_, index) =>
            startProgram(
              'test/support/programs/revoke-on-lmdb.js',
              {},
              { args: [path, `${round}-${index}`] },
            ),
          );
          running.splice(0, running.length, ...programs);
          await untilProgress(programs);
          await killAtRandom(programs.slice(0, 1));
          await untilProgress(programs.slice(1));
          await killAtRandom(programs.slice(1));
          acknowledged.push(...programs.flatMap(printedBy));

          const stores = await openLmdbStores({ path });
          const lost = acknowledged.filter((name) => stores.revocations.find(name) === undefined);
          expect(lost).toEqual([]);
          expect(await stores.counters.read('steps')).toBeGreaterThanOrEqual(acknowledged.length);
          expect(await forgottenBy(stores, acknowledged)).toEqual([]);
          await stores.close();
          report('LMDB', round, acknowledged.length);
        }
      } finally {
        for (const program of running) program.process.kill('SIGKILL');
        await rm(dirname(path), { recursive: true });
      }
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});

describeWithRedis('kill -9 of a Redis with appendfsync always', () => {
  test(
    `loses nothing that was acknowledged, ${ROUNDS} times`,
    async () => {
      const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']);
      const acknowledged: string[] = [];
      let lastStart = Date.now() / 1000;
      try {
        for (let round = 1; round <= ROUNDS; round += 1) {
          const stores = await openRedisStores({ url: redis.url });
          const expiresAt = Date.now() / 1000 + 3600;
          const writers = Array.from({ length: 8 }, async (_, writer) => {
            for (let serial = 0; ; serial += 1) {
              const name = `${round}-${writer}-${serial}`;
              try {
                await stores.revocations.add({ name, expiresAt });
              } catch {
                return;
              }
              acknowledged.push(name);
            }
          });
          await pause(20 + random() * LONGEST_LIFE_MS);
          await redis.kill();
          await Promise.all(writers);
          await stores.close(); // so that nobody outlives it who could put back what it lost
          await redis.start();

          const restarted = await openRedisStores({ url: redis.url });
          const lost = acknowledged.filter((name) => restarted.revocations.find(name) === undefined);
          expect(lost).toEqual([]);
          if (round === 1) lastStart = restarted.revocations.completeSince();
          expect(restarted.revocations.completeSince()).toBe(lastStart);
          await restarted.close();
          report('Redis', round, acknowledged.length);
        }
      } finally {
        await redis.dispose();
      }
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});
