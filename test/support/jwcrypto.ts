import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Jwk } from '../../src/keys/jwk.js';
import { describeWithPackages } from './describe-with-packages.js';

const PYTHON = '/usr/bin/python3';
const PROGRAM = fileURLToPath(new URL('./programs/run-jwcrypto.py', import.meta.url));

const areInstalled = spawnSync(PYTHON, ['-c', 'import jwcrypto']).status === 0;

/** Run tests that need jwcrypto. Without it, print the skipped tests. */
export function describeWithJwcrypto(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'python3-jwcrypto', areInstalled }, name, tests);
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
