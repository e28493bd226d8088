import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createKeyRing, createTokenVerifier } from 'passport-jwe';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = secretOf(7).toString('hex');
const pages = await Promise.all(
  ['issue', 'refresh-tokens', 'delegation', 'sessions'].map((name) =>
    readPageBlocks(new URL(`../../docs/guides/${name}.md`, import.meta.url)),
  ),
);
const blocks = new Map(pages.flatMap((page) => [...page]));

/** Inside the package, where programs find it by its name as its users do. */
let folder = '';
let port = 0;
const programs: RunningProgram[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(ROOT, 'test', '.token-guides-'));
  port = await findFreePort();
});

afterEach(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.splice(0).map((program) => program.ended));
  await rm(folder, { recursive: true });
});

/** Pastes the block into a shell of the folder, with the command line of this checkout. */
async function paste(name: string): Promise<string> {
  const commandLine = join(ROOT, 'dist', 'cli', 'main.js');
  const npx = `npx() { shift; '${process.execPath}' '${commandLine}' "$@"; }`;
  const commands = (blocks.get(name) ?? '').replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`);
  const script = `${npx}\n${commands}`;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder });
  return stdout;
}

async function serve(name: string): Promise<void> {
  await writeFile(join(folder, 'server.mjs'), blocks.get(name) ?? '');
  const environment = { JWE_KEY: KEY, PORT: String(port) };
  const program = startProgram(join(folder, 'server.mjs'), environment, { cwd: folder });
  programs.push(program);
  await untilListening(program, port);
}

test('the guide to tokens leads from an empty folder to a token', async () => {
  await paste('issue-key');
  await serve('issue');

  expect(JSON.parse(await paste('issue-token'))).toMatchObject({
    token_type: 'Bearer',
    scope: 'read:documents',
  });
});

test('the guide to refresh tokens shows that a reused token ends the session', async () => {
  await paste('issue-key');
  await serve('refresh-tokens');
  const printed = await paste('refresh-tokens-calls');

  expect(printed.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['400', '400']);
  expect(printed.match(/"error":"invalid_grant"/g)).toHaveLength(2);
});

test('the guide to delegation shows a token with the user and the actor', async () => {
  await paste('delegation-keys');
  await serve('issue');
  const { access_token: token } = JSON.parse(await paste('delegation-calls'));
  const verifier = createTokenVerifier({
    keyRing: await createKeyRing({ current: { secret: KEY } }),
    issuer: 'https://auth.example.com',
    audience: 'https://reports.example.com',
  });

  expect((await verifier.verify(token)).claims).toMatchObject({
    type: 'delegation',
    sub: 'alice',
    act: { client_id: 'support-desk' },
  });
});

test('the guide to sessions shows two sessions, and ends one of them', async () => {
  await paste('sessions-key');
  await serve('sessions');
  const printed = await paste('sessions-calls');

  expect(printed.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '204', '401']);
  expect(printed.match(/"subject":"alice"/g)).toHaveLength(2);
});
