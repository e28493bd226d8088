import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileKeySource } from '../../../src/keys/sources/file-key-source.js';
import { keySet, kidsOf } from '../../support/key-sets.js';
import { type RunningProgram, startProgram } from '../../support/processes.js';
import { createRandom } from '../../support/random.js';

/** 5 in the suite, 200 by `npm run soak`. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 5);

/** Most time that one round takes. */
const ROUND_TIMEOUT_MS = 20_000;

const PROCESSES = 4;
const KEYS_EACH = 8;
const LONGEST_LIFE_MS = 150;

const random = createRandom(2026);

let directory = '';
let file = '';
const running: RunningProgram[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-appends-'));
  file = join(directory, 'ring.json');
  await writeFile(file, JSON.stringify(keySet(1)), { mode: 0o600 });
});

afterEach(async () => {
  for (const program of running.splice(0)) program.process.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

function startAppending(name: string, count: number): RunningProgram {
  const args = [file, name, String(count)];
  const program = startProgram('test/support/programs/append-keys.js', {}, { args });
  running.push(program);
  return program;
}

/** The kids that a program printed, but for one that its end cut off. */
function printedBy(program: RunningProgram): readonly string[] {
  return program.output().split('\n').slice(0, -1);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Reads the file over and over: each time it is a complete set. @returns what ends it, with how often it was read. */
function keepReading(): () => Promise<number> {
  const source = fileKeySource({ file });
  let isEnded = false;
  const reading = (async () => {
    let count = 0;
    while (!isEnded) {
      await source.load();
      count += 1;
      await pause(2);
    }
    return count;
  })();
  return () => {
    isEnded = true;
    return reading;
  };
}

describe('several processes that append to one key file', () => {
  test('lose no key, and leave nothing else behind', async () => {
    const endReading = keepReading();
    const programs = Array.from({ length: PROCESSES }, (_, index) => startAppending(`p${index}`, KEYS_EACH));
    const exits = await Promise.all(programs.map(({ ended }) => ended));
    const reads = await endReading();
    const kids = kidsOf(await fileKeySource({ file }).load());

    expect(exits).toEqual(programs.map(() => 0));
    expect(new Set(kids)).toEqual(new Set(['root-1', ...programs.flatMap(printedBy)]));
    expect(kids).toHaveLength(1 + PROCESSES * KEYS_EACH);
    expect(reads).toBeGreaterThan(0);
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test(
    `lose no acknowledged key by kill -9, ${ROUNDS} times`,
    async () => {
      const acknowledged: string[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        await writeFile(file, JSON.stringify(keySet(1)), { mode: 0o600 });
        const endReading = keepReading();
        const programs = Array.from({ length: PROCESSES }, (_, index) =>
          startAppending(`${round}-${index}`, 10_000),
        );
        while (programs.flatMap(printedBy).length < PROCESSES) await pause(5);
        for (const program of programs.splice(1)) {
          await pause(random() * LONGEST_LIFE_MS);
          program.process.kill('SIGKILL');
          await program.ended;
          acknowledged.push(...printedBy(program));
        }
        const [last] = programs;
        if (last === undefined) throw new Error('There is no last one');
        const before = printedBy(last).length;
        while (printedBy(last).length === before) await pause(5);
        last.process.kill('SIGKILL');
        await last.ended;
        acknowledged.push(...printedBy(last));
        await endReading();

        const kids = new Set(kidsOf(await fileKeySource({ file }).load()));
        expect(acknowledged.splice(0).filter((kid) => !kids.has(kid))).toEqual([]);
      }
    },
    ROUNDS * ROUND_TIMEOUT_MS,
  );
});
