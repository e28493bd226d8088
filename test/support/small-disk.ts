import { describe } from '@jest/globals';
import { canMount, mountSmallDisk, type SmallDisk } from '../../examples/gateway/drills/mount-disk.js';

export { mountSmallDisk, type SmallDisk };

/** Runs where file systems may be mounted; elsewhere it says what it skipped. */
export function describeWithDisks(name: string, tests: () => void): void {
  if (canMount()) {
    describe(name, tests);
  } else {
    process.stderr.write(`\n*** SKIPPED, for want of the right to mount file systems (root): ${name}\n`);
    describe.skip(name, tests);
  }
}
