import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { formatTable } from '../../src/cli/print-result.js';
import { setUpCommandLine } from '../support/command-line.js';

const { run } = setUpCommandLine();

test.each([
  [['--help']],
  [['init', '--help']],
  [['keys', '--help']],
  [['keys', 'rotate', '--help']],
  [['api-key', 'create', '--help']],
  [['token', 'verify', '--help']],
  [['sessions', 'end', '--help']],
  [['audit', 'verify', '--help']],
])('%j prints help with an example', async (args) => {
  const { code, out } = await run(args);

  expect(code).toBe(0);
  if (args.length !== 2 || args[0] === 'init') expect(out).toMatch(/Examples?:\n {2}\$ .*passport-jwe/);
  expect(out).toContain('Usage: passport-jwe');
});

test('--version prints the version', async () => {
  expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+$/);
});

test.each([[['frobnicate']], [['keys', 'frobnicate']], [['keys', 'rotate', '--pending', 'soon']]])(
  '%j is a usage error: exit code 2, and nothing on standard output',
  async (args) => {
    const { code, out, notes } = await run(args);

    expect([code, out]).toEqual([2, '']);
    expect(notes).toContain('error:');
  },
);

test.each([
  [['token', 'issue', '--client', 'demo'], '--issuer <url>, or set the variable ISSUER'],
  [['token', 'verify', 'a.b.c.d.e', '--issuer', 'x'], '--audience <name>, or set the variable AUDIENCE'],
  [['token', 'request', '--client', 'demo'], '--token-endpoint <url>, or set the variable TOKEN_ENDPOINT'],
  [['store', 'backup', 'copy'], '--store <directory>, or set the variable STORE_DIR'],
  [['sessions', 'list'], '--client <key_id>'],
])('%j names the missing option and its variable', async (args, remedy) => {
  const { code, notes } = await run(args);

  expect(code).toBe(2);
  expect(notes).toMatch(/^error: The option --[\w-]+ is missing: pass --/);
  expect(notes.split('\n')[0]).toContain(remedy);
});

test.each([
  ['standard output', ['--help'], 'stdout'],
  ['standard error', ['frobnicate'], 'stderr'],
] as const)('a closed pipe at %s ends the program silently', async (_name, args, closed) => {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  child[closed].destroy();
  const [code] = await once(child, 'close');

  expect([code, output]).toEqual([141, '']);
});

test('a failure is printed as JSON with --json', async () => {
  const { code, notes } = await run(['keys', 'list', '--json']);

  expect(code).toBe(1);
  expect(JSON.parse(notes)).toEqual({ error: expect.stringContaining('keys.json') });
});

test('names in tables contain no control characters', () => {
  expect(formatTable([{ name: '\u001b[2Ja\nb\u202e' }])[1]).toBe('?[2Ja?b?');
});
