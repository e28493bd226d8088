import { statfsSync, statSync } from 'node:fs';

/** Minimum free space for a transaction. */
const LEAST_BYTES = 1_048_576;

/**
 * Maximum size of replaced pages in a transaction: each step changes few pages and deletes a bounded number of values.
 */
const MOST_REPLACED_BYTES = 16_777_216;

/** Maximum size that a step adds. */
const STEP_BYTES = 4096;

/**
 * Asserts that there is room for a transaction before LMDB begins it. In lmdb-js up to 3.5.6, the message of a failed
 * write overflows a buffer, and the process crashes later.
 * @param steps number of steps in the transaction.
 * @throws Error with the code `ENOSPC` if there is not enough room.
 */
export function assertRoom(directory: string, dataFile: string, steps: number): void {
  const replaced = Math.min(bytesOf(dataFile), MOST_REPLACED_BYTES);
  if (freeBytes(directory) < LEAST_BYTES + replaced + steps * STEP_BYTES) throw noRoom();
}

/**
 * Asserts that there is room for files that do not exist yet. LMDB maps the lock file into memory, and the kernel kills
 * the process if the disk has no room for it.
 * @throws Error with the code `ENOSPC` if there is not enough room.
 */
export function assertRoomToOpen(directory: string, files: readonly string[]): void {
  const isThere = files.every((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && stats.size > 0 && stats.blocks > 0;
  });
  if (!isThere && freeBytes(directory) < LEAST_BYTES) throw noRoom();
}

/**
 * Asserts that there is room for a copy of the data file.
 * @throws Error with the code `ENOSPC` if there is not enough room.
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
  return Object.assign(new Error('The disk is full'), { code: 'ENOSPC' });
}
