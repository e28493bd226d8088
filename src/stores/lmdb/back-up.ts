import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertString } from '../../base/options.js';
import { assertRoomToCopy } from './assert-room.js';
import type { LmdbEnvironment } from './lmdb-environment.js';
import { DATA_FILE } from './open-environment.js';

export interface Backup {
  /** Directory of the store. */
  readonly path: string;
  /** Directory of the backup. */
  readonly directory: string;
}

/**
 * Copy the store to a directory. Resolve once the copy is on disk.
 *
 * @throws TypeError (as rejection) if the directory is not a non-empty string.
 * @throws Error (as rejection) if the directory already has a data file, or if the disk has too little room.
 */
export async function backUp(environment: LmdbEnvironment, { path, directory }: Backup): Promise<void> {
  assertString(directory, 'backUp', 'directory', 'backups/2026-01-01');
  const file = join(directory, DATA_FILE);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const present = await stat(file).catch(() => undefined);
  if (present !== undefined)
    throw new Error(`backUp: ${file} already exists: pass a directory without a store`);
  assertRoomToCopy(directory, join(path, DATA_FILE));
  await environment.copyTo(directory);
  await chmod(file, 0o600);
  for (const place of [file, directory]) await sync(place);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
