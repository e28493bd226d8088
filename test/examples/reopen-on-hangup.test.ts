import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { verifyAuditFile } from 'passport-jwe/audit';
import { until } from '../support/connections.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

const KEY = Buffer.alloc(32, 7);
let home = '';
let path = '';
let program: RunningProgram;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-audit-'));
  path = join(home, 'audit.jsonl');
  program = startProgram('test/support/programs/reopen-audit-file.ts', {}, { args: [path] });
  await until(() => program.output().includes('written'));
});

afterEach(async () => {
  program.process.kill('SIGKILL');
  await program.ended;
  await rm(home, { recursive: true });
});

test('the gateway writes to a new file after logrotate has renamed the file and sent SIGHUP', async () => {
  await rename(path, `${path}.1`);
  program.process.kill('SIGHUP');
  await until(() => program.output().includes('reopened'));
  program.process.stdin?.end('write\n');

  expect(await program.ended).toBe(0);
  expect(await verifyAuditFile([`${path}.1`, path], KEY)).toMatchObject({
    verdict: 'valid',
    chains: [{ records: 1 }, { records: 1 }],
  });
});

test('the gateway logs that a file cannot be reopened, and keeps the previous file', async () => {
  await rename(home, `${home}-moved`);
  program.process.kill('SIGHUP');
  await until(() => program.output().includes('cannot be reopened'));
  await rename(`${home}-moved`, home);
  program.process.stdin?.end('write\n');

  expect(await program.ended).toBe(0);
  expect(await verifyAuditFile(path, KEY)).toMatchObject({ verdict: 'valid', chains: [{ records: 2 }] });
});
