import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A directory as Kubernetes mounts a secret: each file is a symbolic link through `..data`, itself a link to a directory
 * that bears the time of the update. An update makes another directory, and renames a new `..data` over the old one.
 */
export interface SecretVolume {
  readonly directory: string;
  update(files: Readonly<Record<string, string>>): Promise<void>;
}

/** @param mode of the files, `defaultMode` of the volume. */
export async function mountSecretVolume(directory: string, mode = 0o400): Promise<SecretVolume> {
  let serial = 0;
  let current: string | undefined;
  await mkdir(directory);
  await chmod(directory, 0o1777);

  return {
    directory,
    async update(files) {
      serial += 1;
      const next = `..2026_01_01_00_00_${String(serial).padStart(2, '0')}.000000001`;
      await mkdir(join(directory, next), { mode: 0o755 });
      for (const [name, text] of Object.entries(files)) {
        await writeFile(join(directory, next, name), text);
        await chmod(join(directory, next, name), mode);
      }
      await symlink(next, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      for (const name of Object.keys(files)) {
        await symlink(join('..data', name), join(directory, name)).catch(ignoreExisting);
      }
      if (current !== undefined) await rm(join(directory, current), { recursive: true });
      current = next;
    },
  };
}

function ignoreExisting(failure: NodeJS.ErrnoException): void {
  if (failure.code !== 'EEXIST') throw failure;
}
