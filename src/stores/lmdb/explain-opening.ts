import { statfsSync, statSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { messageOf } from '../message-of.js';

/** What a new store takes at once, and more. */
const ROOM_BYTES = 65_536;

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'make room on its disk'],
  ['EDQUOT', 'make room on its disk, or raise the quota'],
  ['EMFILE', 'let the process open more files'],
  ['ENFILE', 'let the machine open more files'],
  ...['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EEXIST'].map(
    (code) => [code, 'name a directory that this user can make, and write to'] as const,
  ),
]);

/**
 * LMDB writes to its lock file through memory: where the disk has no room for that, the kernel ends the process.
 * @throws Error with the code `ENOSPC`.
 */
export function assertRoomForLocks(directory: string, lockFile: string): void {
  const lock = statSync(lockFile, { throwIfNoEntry: false });
  if (lock !== undefined && lock.size > 0 && lock.blocks * 512 >= lock.size) return;
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < ROOM_BYTES) throw Object.assign(new Error('No room is left'), { code: 'ENOSPC' });
}

/** What is in the way of a store, and what to do about it. */
export function explainOpening(path: string, cause: unknown): Error {
  const code = codeOf(cause);
  const advice = code === undefined ? undefined : ADVICE.get(code);
  const reason = advice === undefined ? messageOf(cause) : `${code}: ${advice}`;
  return new Error(`The store ${path} cannot be opened: ${reason}`, { cause });
}

/** Node names what failed; lmdb-js has the number alone. */
function codeOf(cause: unknown): string | undefined {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  if (typeof code === 'string') return code;
  return typeof code === 'number' && Number.isInteger(code) && code > 0
    ? getSystemErrorName(-code)
    : undefined;
}
