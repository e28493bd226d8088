import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Small file system in memory. */
export interface SmallDisk {
  readonly path: string;
  /**
   * Writes a file that takes all free space.
   *
   * @param leave bytes that remain free. Default: 0.
   * @param file path of the file. Default: `filler` in the root directory.
   */
  fill(leave?: number, file?: string): Promise<void>;
  /** Removes the file `filler`. */
  clear(): Promise<void>;
  makeReadOnly(): void;
  dispose(): void;
}

/** Whether this user can mount file systems. */
export function canMount(): boolean {
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

/** Mounts a file system of the given size at a new path. */
export function mountSmallDisk(kilobytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'passport-jwe-disk-'));
  if (mount(path, kilobytes) !== 0) throw new Error(`Nothing can be mounted at ${path}`);
  const filler = join(path, 'filler');
  return {
    path,
    async fill(leave = 0, file = filler) {
      const { bavail, bsize } = await statfs(path);
      await writeFile(file, Buffer.alloc(bavail * bsize - leave));
    },
    clear: () => rm(filler),
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', path]),
    dispose() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}
