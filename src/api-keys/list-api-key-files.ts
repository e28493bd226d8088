import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOfFailure } from '../base/name-of-failure.js';
import { fingerprintFile } from '../base/read-private-file.js';
import type { ConfigurationProblem } from './configuration-error.js';

/** The files of a directory that configure API keys. */
export interface Listing {
  /** Paths, sorted. */
  readonly files: readonly string[];
  /** String that changes when a file is added, removed, replaced or written. Computed without reading files. */
  readonly stamp: string;
  readonly problems: readonly ConfigurationProblem[];
  /** Warnings about folders, which are not read. */
  readonly warnings: readonly ConfigurationProblem[];
}

const MAX_FILES = 10_000;

/** Files that are processed concurrently. Limits the number of open files. */
const BATCH_SIZE = 32;

/** Excludes hidden names and the links by which Kubernetes swaps a mounted directory. */
const VISIBLE = /^[^.]/;
const KEY_FILE = /\.ya?ml$/;
const MISSPELT_KEY_FILE = /\.ya?ml$/i;

/**
 * Lists the files that configure API keys. An upper-case extension is an error, because the key would be missing
 * without notice. A folder is only a warning, because file systems create folders such as `lost+found`.
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
    if (named.length === 0) return withProblem('contains no *.yaml or *.yml file');
    if (named.length > MAX_FILES) return withProblem(`must contain at most ${MAX_FILES} files`);
    const files = named.filter((name) => KEY_FILE.test(name)).map((name) => join(directory, name));
    return {
      files: files.sort(),
      stamp: [...misspelt, ...folders, ...(await inBatches(files, stampFile))].join('\n'),
      problems: misspelt.map((file) =>
        problemOf(file, 'must have the extension .yaml or .yml in lower case'),
      ),
      warnings: folders.map((name) => problemOf(join(directory, name), 'is a folder, which is not read')),
    };
  } catch (cause) {
    return withProblem(`cannot be read (${nameOfFailure(cause)})`);
  }
}

/** Names of key files (extension in any case), and of folders and links to folders. */
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

/** Maps items in batches. Results are in the order of the items. */
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

/** Follows links. */
function stampFile(file: string): Promise<string> {
  return fingerprintFile(file).then((fingerprint) => `${file} ${fingerprint}`);
}
