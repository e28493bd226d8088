import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeySet } from 'passport-jwe';
import { type RunningProgram, startProgram } from '../support/processes.js';

const PROCESSES = 4;
/** Key versions that issue a token which every process verifies, before the test ends. */
const VERSIONS = 3;

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
  readonly kid: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

async function issueBy(origin: string): Promise<LiveToken> {
  const answer = await fetch(origin, { method: 'POST' });
  const { token, claims } = JSON.parse(await answer.text());
  const [header = ''] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  return { token, kid, endsAt: claims.exp * 1000 };
}

test('processes that share a key ring and rotate it under load reject no valid token', async () => {
  const rejected: string[] = [];
  /** By `kid`: the processes that have verified a token under that key. */
  const readersOf = new Map<string, Set<string>>();
  const isDone = () =>
    rejected.length > 0 ||
    [...readersOf.values()].filter((readers) => readers.size === PROCESSES).length >= VERSIONS;

  /** Issues by one process. All of them verify the token again and again until it expires. */
  const follow = async (origin: string): Promise<void> => {
    while (!isDone()) {
      const { token, kid, endsAt } = await issueBy(origin);
      const readers = readersOf.get(kid) ?? new Set();
      readersOf.set(kid, readers);
      while (Date.now() < endsAt - 50) {
        for (const reader of origins) {
          const answer = await fetch(reader, { method: 'POST', body: token });
          const text = await answer.text();
          if (answer.status === 200) readers.add(reader);
          else if (Date.now() < endsAt) rejected.push(`${answer.status} ${text}`);
        }
      }
    }
  };
  await Promise.all([...origins, ...origins].map(follow));

  expect(rejected).toEqual([]);
}, 120_000);
