import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeWithPackages } from './describe-with-packages.js';
import { PYTHON } from './python.js';

/** A library of another language that writes legacy tokens. */
export interface LegacyPeer {
  readonly name: string;
  /** The package of Debian that has it. */
  readonly debianPackage: string;
  /** Fails if the library is not installed. */
  readonly probe: readonly [string, ...string[]];
  /** Interpreter of the program. */
  readonly interpreter: string;
  /** One of `programs`. */
  readonly program: string;
}

export const CJOSE: LegacyPeer = {
  name: 'cjose',
  debianPackage: 'libcjose0',
  probe: [PYTHON, '-c', 'import ctypes; ctypes.CDLL("libcjose.so.0")'],
  interpreter: PYTHON,
  program: 'write-cjose-tokens.py',
};

export const CRYPT_JWT: LegacyPeer = {
  name: 'Crypt::JWT',
  debianPackage: 'libcrypt-jwt-perl',
  probe: ['/usr/bin/perl', '-MCrypt::JWT', '-e', '1'],
  interpreter: '/usr/bin/perl',
  program: 'write-perl-tokens.pl',
};

/** Run tests that need a peer. Without it, print the skipped tests. */
export function describeWithPeer(
  { probe: [command, ...args], debianPackage: packages }: LegacyPeer,
  name: string,
  tests: () => void,
): void {
  const areInstalled = spawnSync(command, args).status === 0;
  describeWithPackages({ packages, areInstalled }, name, tests);
}

/** Runs the program of a peer with JSON for its standard input. @returns the tokens that it prints. */
export function runPeer({ name, interpreter, program }: LegacyPeer, input: object): readonly string[] {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const options = { input: JSON.stringify(input), encoding: 'utf8', timeout: 20_000 } as const;
  const { stdout, stderr, status } = spawnSync(interpreter, [path], options);
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  return JSON.parse(stdout);
}
