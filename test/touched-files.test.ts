import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('../scripts/touched-files.js', import.meta.url));
const run = promisify(execFile);

test('accepting a token touches at most 20 source files if it is cached, and 25 if it is new', async () => {
  // The script exits with 1 above these bounds, and then the promise rejects with its output.
  const { stdout } = await run(process.execPath, [SCRIPT]);
  expect(stdout).toMatch(/^authenticate\(\), cached token: \d+ source files \(at most 20\)$/m);
  expect(stdout).toMatch(/^authenticate\(\), new token: \d+ source files \(at most 25\)$/m);
  expect(stdout).toMatch(/^JweStrategy, new token: \d+ source files \(at most 25\)$/m);
  expect(stdout).toContain('  src/verify/token-verifier.ts');
}, 120_000);
