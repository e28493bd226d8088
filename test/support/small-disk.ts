import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';

/** A file system of its own, in memory and small. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all room that is left, or all but so many bytes. */
  fill(leave?: number): Promise<void>;
  /** Gives it back. */
  clear(): Promise<void>;
  makeReadOnly(): void;
  dispose(): void;
}

/** Runs where file systems may be mounted; elsewhere it says what it skipped. */
export function describeWithDisks(name: string, tests: () => void): void {
  if (canMount()) {
    describe(name, tests);
  } else {
    process.stderr.write(`\n*** SKIPPED, for want of the right to mount file systems (root): ${name}\n`);
    describe.skip(name, tests);
  }
}

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'passport-jwe-mount-'));
  try {
    return mount(path, 16) === 0 && spawnSync('umount', [path]).status === 0;
  } finally {
    rmdirSync(path);
  }
}

function mount(path: string, kilobytes: number): number | null {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path]).status;
}

export function mountSmallDisk(kilobytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'passport-jwe-disk-'));
  if (mount(path, kilobytes) !== 0) throw new Error(`Nothing can be mounted at ${path}`);
  const filler = join(path, 'filler');
  return {
    path,
    async fill(leave = 0) {
      const { bavail, bsize } = await statfs(path);
      await writeFile(filler, Buffer.alloc(bavail * bsize - leave));
    },
    clear: () => rm(filler),
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
    dispose() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}
