import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeySet } from 'passport-jwe';
import { type RunningProgram, startProgram } from '../support/processes.js';

const PROCESSES = 4;
const SECONDS = 14;

let directory = '';
const programs: RunningProgram[] = [];
let origins: readonly string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-rotation-'));
  const file = join(directory, 'keys.json');
  await writeFile(file, JSON.stringify(generateKeySet()), { mode: 0o600 });
  for (let process = 0; process < PROCESSES; process += 1) {
    programs.push(startProgram('test/support/programs/rotate-keys.js', {}, { args: [file] }));
  }
  origins = await Promise.all(programs.map(addressOf));
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map((program) => program.ended));
  await rm(directory, { recursive: true });
});

async function addressOf(program: RunningProgram): Promise<string> {
  while (!program.output().includes('\n')) {
    if (program.process.exitCode !== null) throw new Error(program.output());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return program.output().trim();
}

interface LiveToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

async function issueBy(origin: string): Promise<LiveToken> {
  const answer = await fetch(origin, { method: 'POST' });
  const { token, claims } = JSON.parse(await answer.text());
  return { token, endsAt: claims.exp * 1000 };
}

test('processes that share a ring and rotate it under load refuse no valid token', async () => {
  const refused: string[] = [];
  const current = new Set<string>();
  let verified = 0;
  const endMs = Date.now() + SECONDS * 1000;

  /** Issues by one process; all of them verify it again and again for as long as it lives. */
  const follow = async (origin: string): Promise<void> => {
    while (Date.now() < endMs) {
      const { token, endsAt } = await issueBy(origin);
      while (Date.now() < endsAt - 50) {
        for (const reader of origins) {
          const answer = await fetch(reader, { method: 'POST', body: token });
          const text = await answer.text();
          if (answer.status === 200) verified += 1;
          else if (Date.now() < endsAt) refused.push(`${answer.status} ${text}`);
        }
      }
    }
  };
  /** Which versions were in use. */
  const watch = async (origin: string): Promise<void> => {
    while (Date.now() < endMs) {
      current.add(await (await fetch(origin)).text());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await Promise.all([...[...origins, ...origins].map(follow), ...origins.map(watch)]);

  expect(refused).toEqual([]);
  expect(current.size).toBeGreaterThanOrEqual(3);
  expect(verified).toBeGreaterThan(100);
});
