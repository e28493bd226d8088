import { getSystemErrorName } from 'node:util';
import { messageOf } from '../../base/message-of.js';
import { RestoredStoreError } from './restored-store-error.js';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'free space on its disk'],
  ['EDQUOT', 'free space on its disk, or raise the quota'],
  ['EMFILE', 'raise the open-file limit of the process'],
  ['ENFILE', 'raise the open-file limit of the machine'],
  ...['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EEXIST'].map(
    (code) => [code, 'use a path that this user can create and write to'] as const,
  ),
]);

/** Convert a failure to an error that names the store, the reason and the remedy. */
export function explainOpening(path: string, cause: unknown): Error {
  if (cause instanceof RestoredStoreError) return cause;
  const code = codeOf(cause);
  const advice = code === undefined ? undefined : ADVICE.get(code);
  const reason = advice === undefined ? messageOf(cause) : `${code}: ${advice}`;
  return new Error(`The store ${path} cannot be opened: ${reason}`, { cause });
}

/** Return the name of an error code, such as `ENOSPC`. Errors of lmdb-js have only a number. */
function codeOf(cause: unknown): string | undefined {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  if (typeof code === 'string') return code;
  return typeof code === 'number' && Number.isInteger(code) && code > 0
    ? getSystemErrorName(-code)
    : undefined;
}
