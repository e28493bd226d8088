import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MINIMAL_FILE } from '../support/api-key-files.js';
import { createKeyDirectory, type KeyDirectory } from '../support/key-directory.js';
import { keySet, rootJwk } from '../support/key-sets.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

function fileOf(name: string): string {
  return MINIMAL_FILE.replace('k-minimal', `k-${name}`).replace('Minimal', name);
}

/** Descriptors that the process can still open. */
const SPARE = 4;
const SOCKETS = 40;

const FAILURES = ['api_keys.rejected', 'key_source.failed'];

const canLimit = spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) process.stderr.write('\n*** SKIPPED, for want of prlimit (util-linux): file descriptors\n');

let apiKeys: KeyDirectory;
let program: RunningProgram;
let origin = '';
/** One connection, which is open all the time. */
let held: Agent;
let sockets: Socket[] = [];

beforeEach(async () => {
  apiKeys = await createKeyDirectory({ 'minimal.yaml': MINIMAL_FILE });
  const keys = keysDirectory();
  await mkdir(keys, { mode: 0o700 });
  await writeFile(join(keys, '1.json'), JSON.stringify(keySet(1)), { mode: 0o600 });
  const args = [`${apiKeys.path}-store`, apiKeys.path, keys];
  program = startProgram('test/support/programs/follow-keys.js', {}, { args });
  await until(async () => program.output().includes('http://'));
  origin = /http:\S+/.exec(program.output())?.[0] ?? '';
  held = new Agent({ keepAlive: true, maxSockets: 1 });
});

afterEach(async () => {
  releaseDescriptors();
  held.destroy();
  program.process.kill('SIGKILL');
  await program.ended;
  await apiKeys.dispose();
});

function keysDirectory(): string {
  return `${apiKeys.path}-secret`;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > 10_000) throw new Error(`In vain: ${program.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function openDescriptors(): number {
  return readdirSync(`/proc/${program.process.pid}/fd`).length;
}

function limitDescriptors(limit: number): void {
  execFileSync('prlimit', ['--pid', String(program.process.pid), `--nofile=${limit}:`]);
}

/** Lets the process open few more, and takes these. */
async function exhaustDescriptors(): Promise<void> {
  const limit = openDescriptors() + SPARE;
  limitDescriptors(limit);
  sockets = Array.from({ length: SOCKETS }, () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    return socket.on('error', () => undefined);
  });
  await until(async () => openDescriptors() >= limit);
}

function releaseDescriptors(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

interface Answer {
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Sent {
  readonly agent?: Agent;
  readonly headers?: IncomingHttpHeaders;
  readonly form?: Record<string, string>;
}

function ask(path: string, { agent = held, headers = {}, form }: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = form === undefined ? 'GET' : 'POST';
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = request(origin + path, { agent, method, headers: { ...headers, ...(form && type) } });
    sent.once('error', reject);
    sent.once('response', async (answer) => {
      const body = await text(answer);
      resolve({ status: answer.statusCode, body: body.startsWith('{') ? JSON.parse(body) : {} });
    });
    sent.end(form === undefined ? '' : new URLSearchParams(form).toString());
  });
}

function exchange(apiKey: string, agent = held): Promise<Answer> {
  const headers = { 'x-api-key': apiKey };
  return ask('/oauth/token', { agent, headers, form: { grant_type: 'client_credentials' } });
}

async function use(token: unknown, agent = held): Promise<number | undefined> {
  return (await ask('/resource', { agent, headers: { authorization: `Bearer ${token}` } })).status;
}

(canLimit ? describe : describe.skip)('a process that has no file descriptors left', () => {
  test('answers on open connections, keeps its keys, and recovers once descriptors are free', async () => {
    const { access_token: token } = (await exchange('k-minimal')).body;
    await exhaustDescriptors();
    await apiKeys.put('other.yaml', fileOf('other'));
    await writeFile(join(keysDirectory(), '2.json'), JSON.stringify(rootJwk(2)), { mode: 0o600 });
    await until(async () => FAILURES.every((event) => program.output().includes(event)));

    expect(await use(token)).toBe(200);
    expect((await exchange('k-minimal')).status).toBe(200);
    expect((await exchange('k-other')).status).toBe(401);
    expect((await ask('/keys')).body).toEqual({ apiKeys: ['minimal'], versions: 1 });

    releaseDescriptors();
    await until(async () => (await ask('/keys')).body['versions'] === 2);
    await until(async () => (await exchange('k-other', new Agent())).status === 200);
    expect(await use(token, new Agent())).toBe(200);
    expect(program.process.exitCode).toBeNull();
  });

  test('reloads API keys that it could not read, although their files do not change again', async () => {
    await ask('/keys');
    const idle = openDescriptors();
    const names = Array.from({ length: 5 * SPARE }, (_, index) => `n${index}`);
    for (const name of names) await apiKeys.put(`${name}.yaml`, fileOf(name));
    const known = ['minimal', ...names].sort();
    await until(async () => JSON.stringify((await ask('/keys')).body['apiKeys']) === JSON.stringify(known));
    await until(async () => openDescriptors() <= idle);
    limitDescriptors(idle + SPARE);
    await apiKeys.put('other.yaml', fileOf('other'));
    await until(async () => program.output().includes('api_keys.rejected'));
    expect((await ask('/keys')).body['apiKeys']).toEqual(known);
    limitDescriptors(1000);

    await until(async () => (await exchange('k-other')).status === 200);
  });

  test('writes a revocation that waits for a descriptor before it acknowledges it', async () => {
    const { access_token: token } = (await exchange('k-minimal')).body;
    const other = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask('/keys', { agent: other });
    await exhaustDescriptors();
    let isAnswered = false;
    const headers = { 'x-api-key': 'k-minimal' };
    const revoked = ask('/oauth/revoke', { headers, form: { token: String(token) } }).finally(() => {
      isAnswered = true;
    });
    for (let turn = 0; turn < 20; turn += 1) expect(await use(token, other)).toBe(200);
    expect(isAnswered).toBe(false);

    releaseDescriptors();
    expect((await revoked).status).toBe(200);
    expect(await use(token, other)).toBe(401);
    other.destroy();
  });
});
