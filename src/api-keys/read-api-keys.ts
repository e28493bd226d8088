import { createHash } from 'node:crypto';
import type { RegisteredKey } from './api-key-registry.js';
import { checkAcrossFiles } from './check-across-files.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { ValidReading } from './file-reading.js';
import type { Environment } from './interpolate.js';
import { inBatches, type Listing, listApiKeyFiles } from './list-api-key-files.js';
import { readApiKeyFile } from './read-api-key-file.js';

/** Where API keys are configured. */
export interface ApiKeyLocation {
  readonly directory: string;
  readonly environment: Environment;
}

/** What a directory held when it was read; without problems it can be put in force. */
export interface ApiKeySet {
  readonly keys: readonly RegisteredKey[];
  readonly readings: readonly ValidReading[];
  /** Sorted by their place. */
  readonly problems: readonly ConfigurationProblem[];
  /** What is allowed, but should be mended. */
  readonly warnings: readonly ConfigurationProblem[];
  /** That of the listing; another one where a file could not be read, so that it is tried again. */
  readonly stamp: string;
  /** Another one as soon as anything reads differently, variables included. Of the content it tells nothing. */
  readonly fingerprint: string;
}

/** Files that are swapped while they are read are read again, so that no set is half old and half new. */
const MAX_ATTEMPTS = 5;

/** No listing has this stamp. */
const UNREAD = 'unread';

/** Reads all files of a directory as they are at one moment. */
export async function readApiKeys({ directory, environment }: ApiKeyLocation): Promise<ApiKeySet> {
  let listing = await listApiKeyFiles(directory);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const set = await readListing(listing, environment);
    const after = await listApiKeyFiles(directory);
    if (after.stamp === listing.stamp) return set;
    listing = after;
  }
  const message = 'changes while it is read';
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
