import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { findFreePort } from '../support/processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { directory, run } = setUpCommandLine();

test('the commands that init prints end with a 200 from a protected route', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'passport-jwe-init-'));
  try {
    const [app, modules] = [join(parent, 'app'), join(parent, 'node_modules')];
    await Promise.all([mkdir(app), mkdir(modules)]);
    await symlink(ROOT, join(modules, 'passport-jwe'));
    await symlink(join(ROOT, 'node_modules', 'express'), join(modules, 'express'));
    const program = join(ROOT, 'dist', 'cli', 'main.js');
    const port = String(await findFreePort());
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'init', '--port', port], {
      cwd: app,
    });
    const [, commands = ''] = stdout.split('in order:\n');
    const pasted = `set -euo pipefail\n${commands}\nkill %1\n`;
    const shell = await promisify(execFile)('bash', ['-c', `set -m\n${pasted}`], { cwd: app });

    expect(commands).not.toContain('npm install');
    expect(shell.stdout).toContain('HTTP/1.1 200 OK');
    expect(shell.stdout).toContain('{"documents":[],"for":"demo"}');
  } finally {
    await rm(parent, { recursive: true });
  }
}, 60_000);

test('init writes secrets to private files, ignored by git, and prints none', async () => {
  const { code, out, notes } = await run(['init']);
  const key = (await readFile(join(directory(), 'demo-api-key'), 'utf8')).trim();
  const keys = await readFile(join(directory(), 'keys.json'), 'utf8');

  expect(code).toBe(0);
  for (const name of ['keys.json', 'demo-api-key']) {
    expect((await stat(join(directory(), name))).mode & 0o777).toBe(0o600);
  }
  expect(await readFile(join(directory(), '.gitignore'), 'utf8')).toBe(
    'keys.json\ndemo-api-key\nnode_modules\n',
  );
  expect(await readFile(join(directory(), 'api-keys', 'demo.yaml'), 'utf8')).not.toContain(key);
  for (const secret of [key, JSON.parse(keys).keys[0].k]) expect(out + notes).not.toContain(secret);
});

test('init adds only missing entries to .gitignore, in every spelling', async () => {
  await writeFile(join(directory(), '.gitignore'), '/node_modules/\nkeys.json');
  await run(['init']);

  expect(await readFile(join(directory(), '.gitignore'), 'utf8')).toBe(
    '/node_modules/\nkeys.json\ndemo-api-key\n',
  );
});

test('init prints an install command for missing packages', async () => {
  expect((await run(['init'])).out).toMatch(/^npm install .*express$/m);
});

test('init writes nothing if a file exists', async () => {
  await writeFile(join(directory(), 'server.mjs'), 'mine');
  const { code, notes } = await run(['init']);

  expect([code, notes]).toEqual([1, 'error: server.mjs already exists: run init in an empty directory']);
  expect(await readdir(directory())).toEqual(['server.mjs']);
});

test('init --json prints the files and the commands', async () => {
  const { out } = await run(['init', '--json']);

  expect(JSON.parse(out)).toMatchObject({
    files: ['keys.json', 'demo-api-key', 'api-keys/demo.yaml', 'server.mjs'],
    commands: expect.arrayContaining(['node server.mjs &']),
  });
});
