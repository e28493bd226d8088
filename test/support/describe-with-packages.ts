import { describe } from '@jest/globals';

/** Debian packages that tests need. */
export interface Packages {
  readonly packages: string;
  readonly areInstalled: boolean;
}

/**
 * Run tests that need Debian packages. Without the packages, print the skipped tests.
 *
 * @throws Error in CI, which must have the packages
 */
export function describeWithPackages(
  { packages, areInstalled }: Packages,
  name: string,
  tests: () => void,
): void {
  if (areInstalled) {
    describe(name, tests);
    return;
  }
  if (process.env['CI'] !== undefined) throw new Error(`CI must have ${packages}`);
  process.stderr.write(`\n*** SKIPPED (apt-get install ${packages}): ${name}\n`);
  describe.skip(name, tests);
}
