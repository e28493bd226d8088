import { describe } from '@jest/globals';

/** Packages that tests need. */
export interface Packages {
  readonly packages: string;
  /** Command that installs them. Default: `apt-get install`, for Debian packages. */
  readonly installer?: string;
  readonly areInstalled: boolean;
  /** Default: true. */
  readonly isRequiredInCi?: boolean;
}

/**
 * Run tests that need packages. Without the packages, print the skipped tests.
 *
 * @throws Error in CI without required packages
 */
export function describeWithPackages(
  { packages, installer = 'apt-get install', areInstalled, isRequiredInCi = true }: Packages,
  name: string,
  tests: () => void,
): void {
  if (areInstalled) {
    describe(name, tests);
    return;
  }
  if (isRequiredInCi && process.env['CI'] !== undefined) throw new Error(`CI must have ${packages}`);
  process.stderr.write(`\n*** SKIPPED (${installer} ${packages}): ${name}\n`);
  describe.skip(name, tests);
}
