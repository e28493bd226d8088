import { resolve } from 'node:path';

/**
 * @param name how messages call the option.
 * @returns the path, absolute, so that a later change of the working directory does not matter.
 * @throws TypeError where the path is none, or `trustGroup` no boolean.
 */
export function resolvePrivatePath(path: string, trustGroup: boolean, name: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new TypeError(`${name} must be a path`);
  }
  if (typeof trustGroup !== 'boolean') throw new TypeError('trustGroup must be true or false');
  return resolve(path);
}
