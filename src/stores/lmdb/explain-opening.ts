import { getSystemErrorName } from 'node:util';
import { messageOf } from '../../base/message-of.js';
import { RestoredStoreError } from './restored-store-error.js';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'make room on its disk'],
  ['EDQUOT', 'make room on its disk, or raise the quota'],
  ['EMFILE', 'let the process open more files'],
  ['ENFILE', 'let the machine open more files'],
  ...['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EEXIST'].map(
    (code) => [code, 'name a directory that this user can make, and write to'] as const,
  ),
]);

/** What is in the way of a store, and what to do about it. */
export function explainOpening(path: string, cause: unknown): Error {
  if (cause instanceof RestoredStoreError) return cause;
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
