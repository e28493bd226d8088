import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { FamilyStore } from '../../src/stores/family-store.js';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { startProgram } from '../support/processes.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

/** 10 in the suite, 200 by `npm run soak`. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 10);
const ROUND_TIMEOUT_MS = 15_000;
const LONGEST_LIFE_MS = 150;

const random = createRandom(11);

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Starts a program that changes families, and kills it at a random moment; what it printed, line by line. */
async function changeUntilKilled(location: string, round: number): Promise<readonly string[]> {
  const program = startProgram(
    'test/support/programs/change-families.js',
    {},
    { args: [location, String(round)] },
  );
  while (!program.output().includes('\n')) {
    if (program.process.exitCode !== null) throw new Error(`It ended: ${program.output()}`);
    await pause(5);
  }
  await pause(random() * LONGEST_LIFE_MS);
  program.process.kill('SIGKILL');
  await program.ended;
  return program.output().split('\n').slice(0, -1);
}

async function listIds(families: FamilyStore): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const group = { kind: 'subject', clientId: 'demo', subject: 'alice' } as const;
    const page = await families.list(group, { limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { id } of page.families) ids.add(id);
    after = page.next;
    isLast = after === undefined;
  }
  return ids;
}

/** Every family that began and was not about to end is listed, and none that ended. */
async function expectListed(families: FamilyStore, lines: readonly string[]): Promise<void> {
  const marked = (mark: string) => lines.flatMap((line) => (line.startsWith(mark) ? [line.slice(1)] : []));
  const [begun, ending, ended] = [marked('+'), new Set(marked('?')), marked('-')];
  const listed = await listIds(families);

  expect(begun.filter((id) => !ending.has(id) && !listed.has(id))).toEqual([]);
  expect(ended.filter((id) => listed.has(id))).toEqual([]);
}

async function crashOn(location: string, stores: Stores): Promise<void> {
  const lines: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      lines.push(...(await changeUntilKilled(location, round)));
      await expectListed(stores.families, lines);
    }
  } finally {
    await stores.close();
  }
}

describe('kill -9 of a process that begins and ends families', () => {
  test(
    `hides no live one on LMDB, nor lists an ended one, ${ROUNDS} times`,
    async () => {
      const path = join(await mkdtemp(join(tmpdir(), 'passport-jwe-families-')), 'store');
      await crashOn(path, await openLmdbStores({ path })).finally(() =>
        rm(dirname(path), { recursive: true }),
      );
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});

describeWithRedis('kill -9 of a process that begins and ends families', () => {
  test(
    `hides no live one on Redis, nor lists an ended one, ${ROUNDS} times`,
    () => withRedis(async ({ url }) => crashOn(url, await openRedisStores({ url, commandTimeoutMs: 2000 }))),
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});
