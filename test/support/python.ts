import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeWithPackages } from './describe-with-packages.js';

/** The Python of Debian, since its packages are those that are wanted. */
export const PYTHON = '/usr/bin/python3';

/** Debian packages that groups of tests require, and the modules that they contain. */
const TOKEN_LIBRARIES = {
  modules: 'jose.jwe, jwcrypto.jwe',
  packages: 'python3-jose python3-jwcrypto',
};
const OAUTH_CLIENTS = {
  modules: 'authlib.integrations.requests_client, requests_oauthlib',
  packages: 'python3-authlib python3-requests-oauthlib',
};

/** Run tests that need Debian's python-jose and jwcrypto. Without these packages, print the skipped tests. */
export function describeWithPython(name: string, tests: () => void): void {
  describeWith(TOKEN_LIBRARIES, name, tests);
}

/** Run tests that need Debian's Authlib and requests-oauthlib. Without these packages, print the skipped tests. */
export function describeWithPythonClients(name: string, tests: () => void): void {
  describeWith(OAUTH_CLIENTS, name, tests);
}

function describeWith(
  { modules, packages }: Readonly<Record<'modules' | 'packages', string>>,
  name: string,
  tests: () => void,
): void {
  const areInstalled = spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0;
  describeWithPackages({ packages, areInstalled }, name, tests);
}

/** Runs one of `test/support/programs` with JSON for its standard input. @returns the JSON that it prints. */
export async function runPython(program: string, input: object) {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const running = promisify(execFile)(PYTHON, [path]);
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout);
}
