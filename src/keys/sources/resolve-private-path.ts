import { resolve } from 'node:path';

/**
 * Resolve a path once, so that later changes of the working directory have no effect.
 *
 * @param where the function that takes the options, for error messages.
 * @param option the name of the option, for error messages.
 * @returns the absolute path.
 * @throws TypeError if the path is invalid, or `trustGroup` is not a boolean.
 */
export function resolvePrivatePath(path: string, trustGroup: boolean, where: string, option: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(
      `${where}: ${option} must be a path, a non-empty string without NUL characters, for example "/etc/jwe/${option}"`,
    );
  }
  if (typeof trustGroup !== 'boolean') {
    throw new TypeError(`${where}: trustGroup must be a boolean: pass true to trust the group, or omit it`);
  }
  return resolve(path);
}
