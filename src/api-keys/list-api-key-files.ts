import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurationProblem } from './configuration-error.js';

/** The files of a directory that configure API keys. */
export interface Listing {
  /** Their paths, in the order of their names. */
  readonly files: readonly string[];
  /** Another one as soon as a file was added, removed, replaced or written to. Nothing is read for it. */
  readonly stamp: string;
  readonly problems: readonly ConfigurationProblem[];
}

const MAX_FILES = 10_000;

/** So many files are looked at together: no directory uses up what a process may have open. */
const BATCH_SIZE = 32;

/** Names that begin with a dot are the links by which Kubernetes swaps a mounted directory. */
export async function listApiKeyFiles(directory: string): Promise<Listing> {
  const withProblem = (message: string): Listing => ({
    files: [],
    stamp: message,
    problems: [{ file: directory, line: 1, column: 1, path: '', message }],
  });
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const named = entries.filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name));
    if (named.length === 0) return withProblem('holds no *.yaml or *.yml file');
    if (named.length > MAX_FILES) return withProblem(`must hold at most ${MAX_FILES} files`);
    const files = named.map(({ name }) => join(directory, name)).sort();
    return { files, stamp: (await inBatches(files, stampFile)).join('\n'), problems: [] };
  } catch (cause) {
    return withProblem(`cannot be read (${nameOfFailure(cause)})`);
  }
}

/** Maps in order. */
export async function inBatches<Result>(
  files: readonly string[],
  read: (file: string) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < files.length; start += BATCH_SIZE) {
    results.push(...(await Promise.all(files.slice(start, start + BATCH_SIZE).map(read))));
  }
  return results;
}

/** The code of a failure of the system, or else the name of its class; its message may quote what it read. */
export function nameOfFailure(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return typeof cause;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'name' in cause && typeof cause.name === 'string' ? cause.name : 'unknown';
}

/** Of what a link leads to. */
function stampFile(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => [file, dev, ino, size, mtimeNs, ctimeNs].join(' '),
    (cause) => `${file} ${nameOfFailure(cause)}`,
  );
}
