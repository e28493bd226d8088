import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import type { Jwk } from '../../src/keys/jwk.js';

const PYTHON = '/usr/bin/python3';
const PROGRAM = fileURLToPath(new URL('./programs/run-jwcrypto.py', import.meta.url));

const isInstalled = spawnSync(PYTHON, ['-c', 'import jwcrypto']).status === 0;

if (!isInstalled && process.env['CI'] !== undefined) throw new Error('CI must have python3-jwcrypto');

/** Runs where there is jwcrypto; elsewhere it says what it skipped. */
export function describeWithJwcrypto(name: string, tests: () => void): void {
  if (isInstalled) {
    describe(name, tests);
  } else {
    process.stderr.write(`\n*** SKIPPED, for want of jwcrypto (apt-get install python3-jwcrypto): ${name}\n`);
    describe.skip(name, tests);
  }
}

export type JwcryptoRequest =
  | { readonly action: 'encrypt'; readonly key: Jwk; readonly header: object; readonly plaintext: string }
  | { readonly action: 'decrypt'; readonly key: Jwk; readonly token: string }
  | { readonly action: 'sign'; readonly key: Jwk; readonly header: object; readonly payload: string }
  | { readonly action: 'verify'; readonly key: Jwk; readonly token: string; readonly alg: string };

/** What jwcrypto makes of the requests, in their order, by one process. Any failure fails the test. */
export function runJwcrypto(requests: readonly JwcryptoRequest[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(PYTHON, ['-I', PROGRAM], {
    input: JSON.stringify(requests),
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (status !== 0) throw new Error(`jwcrypto failed: ${stderr}`);
  return JSON.parse(stdout);
}
