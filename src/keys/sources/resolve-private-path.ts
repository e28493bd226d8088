import { resolve } from 'node:path';

/**
 * Resolves a path, so that a later change of the working directory does not matter.
 *
 * @param name the name of the option in error messages.
 * @returns the absolute path.
 * @throws TypeError if the path is invalid, or `trustGroup` is not a boolean.
 */
export function resolvePrivatePath(path: string, trustGroup: boolean, name: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`${name} must be a path, as a non-empty string`);
  }
  if (typeof trustGroup !== 'boolean') throw new TypeError('trustGroup must be true or false');
  return resolve(path);
}
