import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openNewestState } from '../../src/stores/lmdb/newest-state.js';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

/** In memory where that can be: the more often is written, the more openings meet a commit. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const WRITERS = 2;
const TIMEOUT_MS = 120_000;

let path = '';
const running: RunningProgram[] = [];

beforeEach(async () => {
  path = join(await mkdtemp(join(PLACE, 'passport-jwe-openings-')), 'store');
});

afterEach(async () => {
  await killAll();
  await rm(dirname(path), { recursive: true });
});

async function killAll(): Promise<void> {
  const programs = running.splice(0);
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map((program) => program.ended));
}

function start(file: string, args: readonly string[]): RunningProgram {
  const program = startProgram(`test/support/programs/${file}`, {}, { args: [path, ...args] });
  running.push(program);
  return program;
}

function printedBy(program: RunningProgram): readonly string[] {
  return program.output().split('\n').slice(0, -1);
}

interface Openings {
  /** As this package opens the environment, or as a stranger does, who takes no turn. */
  readonly how: 'stores' | 'lmdb';
  readonly times: number;
  readonly onRefusal: 'end' | 'persist';
}

/** The names that were acknowledged while others opened the environment and closed it again. */
async function revokeMeanwhile({ how, times, onRefusal }: Openings): Promise<readonly string[]> {
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    start('revoke-on-lmdb.js', [`w${index}`, onRefusal]),
  );
  while (!writers.every((writer) => printedBy(writer).length > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await start('open-lmdb-again.js', [String(times), how]).ended).toBe(0);
  await killAll();
  return writers.flatMap(printedBy);
}

test.each<Openings>([
  { how: 'stores', times: 100, onRefusal: 'end' },
  { how: 'lmdb', times: 400, onRefusal: 'persist' },
])(
  'acknowledged writes are not lost while other processes open the environment: $how',
  async (openings) => {
    const acknowledged = await revokeMeanwhile(openings);
    const { revocations, close } = await openLmdbStores({ path });
    const lost = acknowledged.filter((name) => revocations.find(name) === undefined);
    await close();

    expect(lost).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(openings.times);
  },
  TIMEOUT_MS,
);

test(
  'processes can open the environment while the last process closes it',
  async () => {
    const programs = Array.from({ length: 3 }, () => start('open-lmdb-again.js', ['100', 'stores']));

    expect(await Promise.all(programs.map((program) => program.ended))).toEqual([0, 0, 0]);
  },
  TIMEOUT_MS,
);

test('an opening that reset LMDB or met destroyed mutexes is retried', async () => {
  const closed: string[] = [];
  const rootAt = (name: string, base: number) => ({
    name,
    transactionSync<Result>(step: () => Result) {
      if (name === 'broken') throw new Error('Invalid argument');
      return step();
    },
    getStats: () => ({ lastTxnId: 7 }),
    getWriteTxnId: () => base + 1,
    close: async () => void closed.push(name),
  });
  const roots = [rootAt('one commit back', 6), rootAt('two commits back', 5), rootAt('broken', 7)];
  const opened = await openNewestState(
    () => roots.shift() ?? rootAt('right', 7),
    ({ name }) => name,
  );

  expect(opened).toBe('right');
  expect(closed).toEqual(['one commit back', 'two commits back', 'broken']);
});
