import { assertMethod, assertNumber, assertObject } from '../../base/options.js';
import type { Directory } from '../../directory/directory.js';
import { DIRECTORY_NAME, isDirectoryName } from '../../directory/is-directory-name.js';

/** Options of `tokenRouter()` for directories of people. */
export interface UserDirectoriesOptions {
  /**
   * Directories of people by name, for example `{ corp: ldapDirectory({ ... }) }`. A name has 1 to 32 characters from
   * `a-z 0-9 -` and starts with a letter. API keys name their directory in `users: { directory: corp }`. The subject of a
   * person is `corp:<immutable ID>`, so never rename or exchange a directory.
   *
   * @default {} (no directory)
   */
  readonly directories?: Readonly<Record<string, Directory>>;
  /**
   * Maximum age in seconds of an answer about an active person that a refresh may use while the directory is unreachable, up
   * to one day. The issuance of a first token never uses it.
   *
   * @default 0 (a refresh fails with 503 after the cached answer has expired)
   */
  readonly directoryStaleSeconds?: number;
}

/** Directories by name. */
export type UserDirectories = ReadonlyMap<string, Directory>;

const MAX_STALE_SECONDS = 86_400;

/**
 * Validate the options for directories.
 *
 * @param where function that has the options, for error messages
 * @throws TypeError if a name or a directory is malformed
 */
export function resolveUserDirectories(
  { directories = {}, directoryStaleSeconds = 0 }: UserDirectoriesOptions,
  where: string,
): UserDirectories {
  assertObject(directories, `${where}: directories`, '{ corp: ldapDirectory({ ... }) }');
  const found = Object.entries(directories);
  for (const [name, directory] of found) {
    if (!isDirectoryName(name)) throw new TypeError(`${where}: each name in directories ${DIRECTORY_NAME}`);
    for (const method of ['findByName', 'findById', 'isReady']) {
      assertMethod(
        directory,
        method,
        `${where}: directories.${name} must be a Directory: pass the result of ldapDirectory()`,
      );
    }
  }
  assertNumber(directoryStaleSeconds, where, 'directoryStaleSeconds', {
    isInteger: true,
    from: 0,
    to: MAX_STALE_SECONDS,
    example: 900,
  });
  return new Map(found);
}
