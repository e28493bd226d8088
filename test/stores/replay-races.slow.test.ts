import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { type RunningProgram, startProgram } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { clock, NOW } from '../support/tokens.js';

const PROCESSES = 4;
const QUOTA = 100;
const TIMEOUT_MS = 60_000;

const running: RunningProgram[] = [];

afterEach(async () => {
  for (const program of running) program.process.kill('SIGKILL');
  await Promise.all(running.splice(0).map((program) => program.ended));
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Numbers of the verdicts. */
function tally(verdicts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** Starts a process for each kind of use, and returns the verdicts of each once all have run at the same time. */
async function race(location: string, kinds: readonly (readonly [string, number])[]) {
  const programs = kinds.map(([kind, times], index) =>
    startProgram(
      'test/support/programs/use-proofs.js',
      {},
      { args: [location, kind, String(times), `p${index}`] },
    ),
  );
  running.push(...programs);
  while (!programs.every((program) => program.output().startsWith('ready\n'))) await pause(5);
  for (const program of programs) program.process.stdin?.write('go\n');
  await Promise.all(programs.map((program) => program.ended));
  return programs.map((program): readonly string[] => JSON.parse(program.output().split('\n')[1] ?? ''));
}

function describeRaces(location: () => string): void {
  test(
    'accepts one of 1000 concurrent uses of a proof in four processes',
    async () => {
      const verdicts = await race(
        location(),
        Array.from({ length: PROCESSES }, () => ['same', 1000 / PROCESSES] as const),
      );

      expect(tally(verdicts.flat())).toEqual({ first: 1, repeated: 999 });
    },
    TIMEOUT_MS,
  );

  test(
    'accepts all proofs of a client while another floods it with new proofs in three processes',
    async () => {
      const flood = ['flood', 2000] as const;
      const [steady = [], ...floods] = await race(location(), [['steady', QUOTA], flood, flood, flood]);

      expect(tally(steady)).toEqual({ first: QUOTA });
      expect(tally(floods.flat())).toEqual({ first: QUOTA, over_quota: 6000 - QUOTA });
    },
    TIMEOUT_MS,
  );
}

describe('concurrent proofs on the memory store', () => {
  const use = { digest: 'proof', jkt: 'key', quota: QUOTA, expiresAt: NOW + 600 };

  test('accepts one of 1000 concurrent uses of a proof', async () => {
    const { replays } = createMemoryStores({ clock });
    const verdicts = await Promise.all(Array.from({ length: 1000 }, async () => replays.use(use)));

    expect(tally(verdicts)).toEqual({ first: 1, repeated: 999 });
  });

  test('accepts all proofs of a client while another floods it with new proofs', async () => {
    const { replays } = createMemoryStores({ clock });
    const flood = Array.from({ length: 100_000 }, async (_, n) => replays.use({ ...use, digest: `f${n}` }));
    const steady = Array.from({ length: QUOTA }, async (_, n) =>
      replays.use({ ...use, digest: `s${n}`, jkt: 'other' }),
    );

    expect(tally(await Promise.all(steady))).toEqual({ first: QUOTA });
    expect(tally(await Promise.all(flood))).toEqual({ first: QUOTA, over_quota: 100_000 - QUOTA });
  });
});

test.each([
  ['few keys', 100],
  ['a key each', 200_000],
])('200 000 proofs of %s take about the memory that docs/guides/stores.md names', async (_name, keys) => {
  const program = startProgram(
    'test/support/programs/measure-replays.js',
    {},
    { args: ['200000', `${keys}`] },
  );
  running.push(program);
  await program.ended;
  const bytes = Number(program.output());

  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(keys === 100 ? 130 : 230);
});

describe('concurrent proofs on one LMDB store', () => {
  let directory = '';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-replays-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  describeRaces(() => join(directory, 'store'));
});

describeWithRedis('concurrent proofs on one Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  beforeEach(() => redis.command('FLUSHALL'));

  afterAll(() => redis.dispose());

  describeRaces(() => redis.url);
});
