import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { type RunningProgram, startProgram } from '../support/processes.js';

const run = promisify(execFile);
let program: RunningProgram | undefined;

afterEach(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
});

/** The lines that the program prints once it listens: the token, the accepted and the rejected request. */
async function printedLines({ process: child, output, ended }: RunningProgram): Promise<readonly string[]> {
  const isComplete = () => output().includes('# 401');
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => isComplete() && resolve());
    void ended.then(() => reject(new Error(`The program ended: ${output()}`)));
  });
  return output().trim().split('\n').slice(-3);
}

test.each([
  { args: [], subject: '"for":"alice"' },
  { args: ['passport'], subject: '"sub":"alice"' },
])(
  'npm run quickstart $args prints a token, a request that succeeds and one that fails',
  async ({ args, subject }) => {
    program = startProgram('examples/quickstart/main.ts', {}, { args });
    const [token, accepted, rejected] = await printedLines(program);
    const [success, failure] = await Promise.all(
      [accepted, rejected].map((line) => run('bash', ['-euc', `${token}\n${line}`])),
    );

    expect(token).toMatch(/^TOKEN=[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(success?.stdout).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(success?.stdout).toContain(subject);
    expect(failure?.stdout).toMatch(/^HTTP\/1\.1 401 Unauthorized/);
    expect(failure?.stdout).toContain('error="invalid_token"');
  },
);

test('npm run quickstart rejects an unknown name', async () => {
  program = startProgram('examples/quickstart/main.ts', {}, { args: ['koa'] });

  expect(await program.ended).toBe(2);
  expect(program.output()).toBe('Unknown quick start "koa"; expected one of: middleware, passport\n');
});
