import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyFiles } from './api-key-files.js';

/** A directory of API keys that changes as directories do, each change in one step. */
export interface KeyDirectory {
  readonly path: string;
  /** Puts a file in place as editors and deployments do: written elsewhere, then renamed. */
  put(name: string, content: string | Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** Puts another directory in the place of this one. */
  swap(files: KeyFiles): Promise<void>;
  dispose(): Promise<void>;
}

export async function createKeyDirectory(files: KeyFiles): Promise<KeyDirectory> {
  const parent = await mkdtemp(join(tmpdir(), 'passport-jwe-keys-'));
  const path = join(parent, 'api-keys');
  await fill(path, files);
  let drafts = 0;
  const draft = (): string => {
    drafts += 1;
    return join(parent, `draft-${drafts}`);
  };

  return {
    path,
    async put(name, content) {
      const written = draft();
      await writeFile(written, content);
      await rename(written, join(path, name));
    },
    remove: (name) => rm(join(path, name)),
    async swap(next) {
      const [written, former] = [draft(), draft()];
      await fill(written, next);
      await rename(path, former);
      await rename(written, path);
    },
    dispose: () => rm(parent, { recursive: true, force: true }),
  };
}

async function fill(path: string, files: KeyFiles): Promise<void> {
  await mkdir(path);
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(path, name), content)));
}

/**
 * Updates a mounted ConfigMap as the kubelet does: a new folder is written, the link `..data` is swapped for one to it
 * by a rename, and the former folder is removed. The links of the files lead through `..data` and stay.
 */
export async function updateConfigMap(path: string, version: number, files: KeyFiles): Promise<void> {
  const folder = `..2030_01_01_${version}`;
  await fill(join(path, folder), files);
  await symlink(folder, join(path, '..data_tmp'));
  await rename(join(path, '..data_tmp'), join(path, '..data'));
  if (version > 1) await rm(join(path, `..2030_01_01_${version - 1}`), { recursive: true });
  for (const name of Object.keys(files)) {
    await symlink(join('..data', name), join(path, name)).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

const LONGEST_WAIT_MS = 20_000;

/** Resolves once something holds. A test that waits in vain fails. */
export async function until(holds: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > LONGEST_WAIT_MS) throw new Error('Waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
