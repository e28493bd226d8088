import { createHash } from 'node:crypto';
import type { RegisteredKey } from './api-key-registry.js';
import { checkAcrossFiles } from './check-across-files.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { ValidReading } from './file-reading.js';
import type { Environment } from './interpolate.js';
import { inBatches, type Listing, listApiKeyFiles } from './list-api-key-files.js';
import { readApiKeyFile } from './read-api-key-file.js';

/** Directory of API key files, and the values of their variables. */
export interface ApiKeyLocation {
  readonly directory: string;
  readonly environment: Environment;
}

/** Snapshot of the API keys in a directory. The set is usable if `problems` is empty. */
export interface ApiKeySet {
  readonly keys: readonly RegisteredKey[];
  readonly readings: readonly ValidReading[];
  /** Problems that invalidate the set, sorted by file and position. */
  readonly problems: readonly ConfigurationProblem[];
  /** Problems that do not invalidate the set. */
  readonly warnings: readonly ConfigurationProblem[];
  /** Stamp of the listing. If reading a file failed, a value that matches no listing, so that the next poll retries. */
  readonly stamp: string;
  /** SHA-256 digest of the files and the values of their variables, for detecting changes. */
  readonly fingerprint: string;
}

/** Maximum number of attempts to read the files without a concurrent change, so that no set mixes old and new files. */
const MAX_ATTEMPTS = 5;

/** Stamp that matches no listing. */
const UNREAD = 'unread';

/** Read a consistent snapshot of all API key files in a directory. The result contains failures as problems. */
export async function readApiKeys({ directory, environment }: ApiKeyLocation): Promise<ApiKeySet> {
  let listing = await listApiKeyFiles(directory);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const set = await readListing(listing, environment);
    const after = await listApiKeyFiles(directory);
    if (after.stamp === listing.stamp) return set;
    listing = after;
  }
  const message = 'changed during every attempt to read it: wait until all files are written, then reload';
  const problems = [{ file: directory, line: 1, column: 1, path: '', message }];
  return { keys: [], readings: [], problems, warnings: [], stamp: message, fingerprint: message };
}

async function readListing(listing: Listing, environment: Environment): Promise<ApiKeySet> {
  const readings = await inBatches(listing.files, (file) => readApiKeyFile(file, environment));
  const valid = readings.filter((reading) => reading.ok);
  const problems = [
    ...listing.problems,
    ...readings.flatMap((reading) => (reading.ok ? [] : reading.problems)),
    ...checkAcrossFiles(valid),
  ].sort(byPlace);
  const warnings = [...listing.warnings, ...valid.flatMap((reading) => reading.warnings)];
  const content = [
    listing.problems,
    listing.warnings,
    listing.files,
    readings.map(({ fingerprint }) => fingerprint),
  ];
  return {
    keys: valid.map(({ key }) => key),
    readings: valid,
    problems,
    warnings,
    stamp: readings.some((reading) => !reading.ok && reading.isUnread) ? UNREAD : listing.stamp,
    fingerprint: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
  };
}

function byPlace(one: ConfigurationProblem, other: ConfigurationProblem): number {
  return one.file.localeCompare(other.file) || one.line - other.line || one.column - other.column;
}
