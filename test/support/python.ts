import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';

/** The Python of Debian, since its packages are those that are wanted. */
export const PYTHON = '/usr/bin/python3';

const isInstalled = spawnSync(PYTHON, ['-c', 'import jose.jwe, jwcrypto.jwe']).status === 0;

if (!isInstalled && process.env['CI'] !== undefined) {
  throw new Error('CI must have python3-jose and python3-jwcrypto');
}

/** Runs where Debian's python-jose and jwcrypto are; elsewhere it says what it skipped. */
export function describeWithPython(name: string, tests: () => void): void {
  if (isInstalled) {
    describe(name, tests);
  } else {
    process.stderr.write(
      `\n*** SKIPPED, for want of python-jose (apt-get install python3-jose python3-jwcrypto): ${name}\n`,
    );
    describe.skip(name, tests);
  }
}

/** Runs one of `test/support/programs` with JSON for its standard input. @returns the JSON that it prints. */
export async function runPython(program: string, input: object) {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const running = promisify(execFile)(PYTHON, [path]);
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout);
}
