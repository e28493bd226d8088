import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MINIMAL_FILE } from '../support/api-key-files.js';
import { createKeyDirectory, type KeyDirectory, until } from '../support/key-directory.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

const PROGRAM = fileURLToPath(new URL('../support/programs/watch-api-keys.js', import.meta.url));
const OTHER_FILE = MINIMAL_FILE.replace('k-minimal', 'k-other').replace('Minimal', 'Other');

let directory: KeyDirectory;
let program: RunningProgram | undefined;

beforeEach(async () => {
  directory = await createKeyDirectory({ 'minimal.yaml': MINIMAL_FILE });
});

afterEach(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
  await directory.dispose();
});

async function start(sighup: 'on' | 'off' | 'alone'): Promise<RunningProgram> {
  const started = startProgram(PROGRAM, {}, { args: [directory.path, sighup] });
  program = started;
  await until(() => started.output().includes('minimal\n') || started.process.exitCode !== null);
  return started;
}

describe('a process that watches API keys', () => {
  test('reloads them on SIGHUP, and keeps running', async () => {
    const { process: child, output } = await start('on');
    await directory.put('other.yaml', OTHER_FILE);
    child.kill('SIGHUP');
    await until(() => output().endsWith('minimal,other\n'));
    await directory.remove('minimal.yaml');
    child.kill('SIGHUP');
    await until(() => output().endsWith('\nother\n'));

    expect(child.exitCode).toBeNull();
  });

  test('is terminated by SIGHUP if that is switched off', async () => {
    const { process: child, ended } = await start('off');
    child.kill('SIGHUP');

    expect(await ended).toBe('SIGHUP');
  });

  test('is ended by SIGHUP once it has closed them', async () => {
    const { process: child, output, ended } = await start('on');
    child.stdin?.write('close\n');
    await until(() => output().endsWith('closed\n'));
    child.kill('SIGHUP');

    expect(await ended).toBe('SIGHUP');
  });

  test('ends when it has nothing else to do', async () => {
    expect(await (await start('alone')).ended).toBe(0);
  });
});
