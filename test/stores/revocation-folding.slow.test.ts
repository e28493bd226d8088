import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { RevocationEntry } from '../../src/stores/revocation-store.js';
import type { Stores } from '../../src/stores/stores.js';
import { isInForce, sessionEnds } from '../support/foldable-entries.js';
import { type RunningProgram, startProgram } from '../support/processes.js';
import { createRandom } from '../support/random.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { clock, NOW } from '../support/tokens.js';

const BOUND = { maxRevocationsPerClient: 20 };
const ROUNDS = 5;
const TIMEOUT_MS = 60_000;

const random = createRandom(11);

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('kill -9 of processes that fold revocations on one LMDB store', () => {
  let path = '';
  const running: RunningProgram[] = [];

  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'passport-jwe-folding-')), 'store');
  });

  afterEach(async () => {
    for (const program of running) program.process.kill('SIGKILL');
    await Promise.all(running.map((program) => program.ended));
    await rm(dirname(path), { recursive: true });
  });

  test(
    'un-revokes nothing that was acknowledged, and keeps the count of what can be folded',
    async () => {
      const acknowledged: RevocationEntry[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const programs = [0, 1].map((index) =>
          startProgram(
            'test/support/programs/fold-revocations.js',
            {},
            { args: [path, `${round}-${index}`] },
          ),
        );
        running.splice(0, running.length, ...programs);
        while (!programs.every((program) => program.output().split('\n').length > 50)) await pause(5);
        await pause(random() * 100);
        for (const program of programs) program.process.kill('SIGKILL');
        await Promise.all(programs.map((program) => program.ended));
        const lines = programs.flatMap((program) => program.output().split('\n').slice(0, -1));
        acknowledged.push(...lines.map((line): RevocationEntry => JSON.parse(line)));

        const stores = await openLmdbStores({ path, ...BOUND });
        const lost = acknowledged.filter((entry) => !isInForce(stores.revocations, entry));
        const { size, fill } = stores.revocations;
        await stores.close();

        expect(lost).toEqual([]);
        expect(fill?.clientEntries).toBeLessThanOrEqual(20);
        expect(size).toBe((fill?.clientEntries ?? 0) + 1);
      }
    },
    TIMEOUT_MS,
  );
});

describeWithRedis('instances that share a Redis', () => {
  let redis: RedisServer;
  const opened: Stores[] = [];

  beforeEach(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stores) => stores.close()));
    await redis.dispose();
  });

  async function connect(): Promise<Stores> {
    const stores = await openRedisStores({ url: redis.url, commandTimeoutMs: 2000, clock, ...BOUND });
    opened.push(stores);
    return stores;
  }

  const missingIn = ({ revocations }: Stores, entries: readonly RevocationEntry[]) =>
    entries.filter((entry) => !isInForce(revocations, entry)).length;

  test('never lose a revocation temporarily while another instance folds', async () => {
    const [writer, reader] = [await connect(), await connect()];
    const entries = sessionEnds(400, 100);
    const seen = new Set<RevocationEntry>();
    let lost = 0;
    let isWriting = true;
    const watching = (async () => {
      while (isWriting) {
        for (const entry of entries) {
          const holds = isInForce(reader.revocations, entry);
          if (!holds && seen.has(entry)) lost += 1;
          if (holds) seen.add(entry);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (const entry of entries) await writer.revocations.add(entry);
    while (missingIn(reader, entries) > 0) await pause(5);
    isWriting = false;
    await watching;

    expect(lost).toBe(0);
    expect(reader.revocations.size).toBeLessThanOrEqual(21);
  });

  test('fold concurrent additions without a loss', async () => {
    const instances = [await connect(), await connect(), await connect()];
    const entries = sessionEnds(300, 300);
    await Promise.all(entries.map((entry, index) => instances[index % 3]?.revocations.add(entry)));
    const newcomer = await connect();

    expect(missingIn(newcomer, entries)).toBe(0);
  });

  test('restore folded entries in a Redis that lost them', async () => {
    const survivor = await connect();
    const entries = sessionEnds(100, 100);
    for (const entry of entries) await survivor.revocations.add(entry);
    await redis.command('FLUSHALL');
    const since = survivor.revocations.completeSince();
    let newcomer = await connect();
    while (newcomer.revocations.completeSince() !== since || missingIn(newcomer, entries) > 0) {
      await newcomer.close();
      await pause(20);
      newcomer = await connect();
    }

    expect(newcomer.revocations.size).toBe(survivor.revocations.size);
  });

  test('keep entries of an earlier release in effect, and fold none of them', async () => {
    const first = await connect();
    const names = Array.from({ length: 30 }, (_, index) => `old ${index}`);
    for (const name of names) {
      const fields = [`:${name}`, `${NOW - 5}|${NOW + 600}|de|mo`];
      await redis.command('HSET', '{passport-jwe}:revocations', ...fields);
      await redis.command('ZADD', '{passport-jwe}:revocations:expiry', NOW + 600, name);
    }
    const stores = await connect();
    const entries = sessionEnds(60, 60);
    for (const entry of entries) await stores.revocations.add(entry);
    const newcomer = await connect();
    const old = { issuedUpTo: NOW - 5, expiresAt: NOW + 600, owner: 'de|mo' };

    expect(names.map((name) => newcomer.revocations.find(name))).toEqual(
      names.map((name) => ({ name, ...old })),
    );
    expect(missingIn(first, entries)).toBe(0);
  });
});
