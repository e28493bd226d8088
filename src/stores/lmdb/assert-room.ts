import { statfsSync, statSync } from 'node:fs';

/** What a transaction may take at least. */
const LEAST_BYTES = 1_048_576;

/** Most that a transaction replaces of what is there: steps change few pages each, and forget a bounded number. */
const MOST_REPLACED_BYTES = 16_777_216;

/** What a step may add. */
const STEP_BYTES = 4096;

/**
 * Makes sure that there is room for a transaction before LMDB begins it. lmdb-js up to 3.5.6 words a write that failed
 * in a buffer which is too short for that, and the process ends some time later.
 * @param steps how many the transaction has.
 * @throws Error with the code `ENOSPC`.
 */
export function assertRoom(directory: string, dataFile: string, steps: number): void {
  const replaced = Math.min(bytesOf(dataFile), MOST_REPLACED_BYTES);
  if (freeBytes(directory) < LEAST_BYTES + replaced + steps * STEP_BYTES) throw noRoom();
}

/**
 * The same for files that are not there yet: LMDB writes to the lock file through memory, and where the disk has no room
 * for that the kernel ends the process.
 * @throws Error with the code `ENOSPC`.
 */
export function assertRoomToOpen(directory: string, files: readonly string[]): void {
  const isThere = files.every((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && stats.size > 0 && stats.blocks > 0;
  });
  if (!isThere && freeBytes(directory) < LEAST_BYTES) throw noRoom();
}

/**
 * Makes sure that there is room for a copy of the whole data file.
 * @throws Error with the code `ENOSPC`.
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
  return Object.assign(new Error('The disk has no room left'), { code: 'ENOSPC' });
}
