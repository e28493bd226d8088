import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOfFailure } from '../base/name-of-failure.js';
import { fingerprintFile } from '../base/read-private-file.js';
import type { ConfigurationProblem } from './configuration-error.js';

/** Result of listing the API key files in a directory. */
export interface Listing {
  /** Sorted paths of the API key files. */
  readonly files: readonly string[];
  /** String that changes when a file is added, removed, replaced or written. It is derived from file metadata. */
  readonly stamp: string;
  readonly problems: readonly ConfigurationProblem[];
  /** Warnings about subdirectories, which are ignored. */
  readonly warnings: readonly ConfigurationProblem[];
}

const MAX_FILES = 10_000;

/** Maximum number of files that are open at a time. */
const BATCH_SIZE = 32;

/** Excludes hidden files, such as the `..data` links of Kubernetes volumes. */
const VISIBLE = /^[^.]/;
const KEY_FILE = /\.ya?ml$/;
const MISSPELT_KEY_FILE = /\.ya?ml$/i;

/**
 * List the API key files in a directory. An extension in upper case is an error, because the API key would be missing
 * without notice. A subdirectory is only a warning, because file systems create directories such as `lost+found`.
 */
export async function listApiKeyFiles(directory: string): Promise<Listing> {
  const problemOf = (file: string, message: string) => ({ file, line: 1, column: 1, path: '', message });
  const withProblem = (message: string): Listing => ({
    ...{ files: [], stamp: message, warnings: [] },
    problems: [problemOf(directory, message)],
  });
  try {
    const { files: named, folders } = await readNames(directory);
    const misspelt = named.filter((name) => !KEY_FILE.test(name)).map((name) => join(directory, name));
    if (named.length === 0)
      return withProblem(
        'contains no *.yaml or *.yml file: add one file for each API key, or correct the path',
      );
    if (named.length > MAX_FILES)
      return withProblem(`must contain at most ${MAX_FILES} files: remove API keys that are not used`);
    const files = named.filter((name) => KEY_FILE.test(name)).map((name) => join(directory, name));
    return {
      files: files.sort(),
      stamp: [...misspelt, ...folders, ...(await inBatches(files, stampFile))].join('\n'),
      problems: misspelt.map((file) =>
        problemOf(file, 'must have the extension .yaml or .yml in lower case: rename the file'),
      ),
      warnings: folders.map((name) =>
        problemOf(join(directory, name), 'is a subdirectory, which is ignored: move API key files out of it'),
      ),
    };
  } catch (cause) {
    return withProblem(`cannot be read (${nameOfFailure(cause)})`);
  }
}

/** Return the names of API key files (extension in any case), and of subdirectories and links to directories. */
async function readNames(directory: string) {
  const entries = await readdir(directory, { withFileTypes: true });
  const visible = entries.filter(({ name }) => VISIBLE.test(name)).sort(byName);
  const links = visible.filter((entry) => entry.isSymbolicLink() && !MISSPELT_KEY_FILE.test(entry.name));
  const leadToFolders = await inBatches(links, ({ name }) => isFolder(join(directory, name)));
  const linked = new Set(links.filter((_, index) => leadToFolders[index]));
  const folders = visible.filter((entry) => entry.isDirectory() || linked.has(entry));
  const files = visible.filter((entry) => !entry.isDirectory() && MISSPELT_KEY_FILE.test(entry.name));
  return { files: files.map(({ name }) => name), folders: folders.map(({ name }) => name) };
}

function byName(one: Dirent, other: Dirent): number {
  return one.name < other.name ? -1 : 1;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** Map items with an asynchronous function, `BATCH_SIZE` at a time. The results have the order of the items. */
export async function inBatches<Item, Result>(
  files: readonly Item[],
  read: (file: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < files.length; start += BATCH_SIZE) {
    results.push(...(await Promise.all(files.slice(start, start + BATCH_SIZE).map(read))));
  }
  return results;
}

/** Return the path of a file and the fingerprint of its metadata. Follow symbolic links. */
function stampFile(file: string): Promise<string> {
  return fingerprintFile(file).then((fingerprint) => `${file} ${fingerprint}`);
}
