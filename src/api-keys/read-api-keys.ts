import { createHash } from 'node:crypto';
import type { RegisteredKey } from './api-key-registry.js';
import { checkAcrossFiles } from './check-across-files.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { ValidReading } from './file-reading.js';
import type { Environment } from './interpolate.js';
import { inBatches, type Listing, listApiKeyFiles } from './list-api-key-files.js';
import { readApiKeyFile } from './read-api-key-file.js';

/** Location of API key files. */
export interface ApiKeyLocation {
  readonly directory: string;
  readonly environment: Environment;
}

/** API keys of a directory at one time. Usable if there are no problems. */
export interface ApiKeySet {
  readonly keys: readonly RegisteredKey[];
  readonly readings: readonly ValidReading[];
  /** Sorted by position. */
  readonly problems: readonly ConfigurationProblem[];
  /** Faults that do not invalidate the files. */
  readonly warnings: readonly ConfigurationProblem[];
  /** Stamp of the listing. A different value if a file could not be read, so that it is retried. */
  readonly stamp: string;
  /** Digest that changes with any content, including variables. It does not reveal the content. */
  readonly fingerprint: string;
}

/** Attempts to read files that change during the read, so that no set mixes old and new files. */
const MAX_ATTEMPTS = 5;

/** No listing has this stamp. */
const UNREAD = 'unread';

/** Reads a consistent snapshot of all files of a directory. */
export async function readApiKeys({ directory, environment }: ApiKeyLocation): Promise<ApiKeySet> {
  let listing = await listApiKeyFiles(directory);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const set = await readListing(listing, environment);
    const after = await listApiKeyFiles(directory);
    if (after.stamp === listing.stamp) return set;
    listing = after;
  }
  const message = 'keeps changing while it is read';
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
