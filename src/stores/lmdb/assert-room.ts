import { statfsSync, statSync } from 'node:fs';

/** Minimum free space for a transaction, in bytes. */
const LEAST_BYTES = 1_048_576;

/**
 * Maximum size of the pages that a transaction replaces, in bytes. Each step changes few pages and deletes a bounded
 * number of values.
 */
const MOST_REPLACED_BYTES = 16_777_216;

/** Maximum amount of data that a step adds, in bytes. */
const STEP_BYTES = 4096;

/**
 * Assert that the disk has room for a transaction. A write that fails inside lmdb-js (up to version 3.5.6) overflows a
 * buffer, and the process crashes later.
 *
 * @param steps number of steps in the transaction.
 * @throws Error with the code `ENOSPC` if the disk has too little room.
 */
export function assertRoom(directory: string, dataFile: string, steps: number): void {
  const replaced = Math.min(bytesOf(dataFile), MOST_REPLACED_BYTES);
  if (freeBytes(directory) < LEAST_BYTES + replaced + steps * STEP_BYTES) throw noRoom();
}

/**
 * Assert that the disk has room for the missing files of an environment. LMDB maps the lock file into memory. Without
 * room for the file, the kernel kills the process.
 *
 * @throws Error with the code `ENOSPC` if the disk has too little room.
 */
export function assertRoomToOpen(directory: string, files: readonly string[]): void {
  const isThere = files.every((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && stats.size > 0 && stats.blocks > 0;
  });
  if (!isThere && freeBytes(directory) < LEAST_BYTES) throw noRoom();
}

/**
 * Assert that the disk has room for a copy of the data file.
 *
 * @throws Error with the code `ENOSPC` if the disk has too little room.
 */
export function assertRoomToCopy(directory: string, dataFile: string): void {
  if (freeBytes(directory) < LEAST_BYTES + bytesOf(dataFile)) throw noRoom();
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function noRoom(): Error {
  return Object.assign(new Error('The disk has too little free space: delete files or extend the disk'), {
    code: 'ENOSPC',
  });
}
