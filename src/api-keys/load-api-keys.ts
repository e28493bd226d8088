import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { assertOptions, type KnownOptions } from '../options.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from './api-key-registry.js';
import { checkAcrossFiles } from './check-across-files.js';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
import type { Environment } from './interpolate.js';
import { readApiKeyFile } from './read-api-key-file.js';

export interface ApiKeyOptions {
  /** Every `*.yaml` and `*.yml` file in it, not in folders below it, configures one API key. */
  readonly directory: string;
  /** Where `${VAR}` is looked up. Default `process.env`. */
  readonly environment?: Environment;
  /** Where loading is put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
}

const KNOWN: KnownOptions<ApiKeyOptions> = { directory: true, environment: true, audit: true };

/**
 * Loads all API keys of a directory, or none.
 * @throws ConfigurationError (as rejection) with every problem of every file: place, path and what would be
 *   right, never a value.
 * @throws TypeError for an option that is missing or unknown.
 */
export async function loadApiKeys(options: ApiKeyOptions): Promise<ApiKeyRegistry> {
  assertOptions(options, KNOWN, 'loadApiKeys');
  const { directory, environment = process.env, audit = noAuditTrail } = options;
  if (typeof directory !== 'string') throw new TypeError('directory must be a path');
  assertAuditTrail(audit);
  const listing = await listFiles(directory);
  const readings = await Promise.all(listing.files.map((file) => readApiKeyFile(file, environment)));
  const valid = readings.filter((reading) => reading.ok);
  const problems = [
    ...listing.problems,
    ...readings.flatMap((reading) => (reading.ok ? [] : reading.problems)),
    ...checkAcrossFiles(valid),
  ];

  if (problems.length > 0) {
    await audit.record({ type: 'api_keys.rejected', problemCount: problems.length });
    throw new ConfigurationError(problems.sort(byPlace));
  }
  const registry = createApiKeyRegistry(valid.map(({ key }) => key));
  await audit.record({ type: 'api_keys.loaded', keyIds: registry.apiKeys.map(({ keyId }) => keyId) });
  return registry;
}

function byPlace(one: ConfigurationProblem, other: ConfigurationProblem): number {
  return one.file.localeCompare(other.file) || one.line - other.line || one.column - other.column;
}

interface Listing {
  readonly files: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
}

/** Names that begin with a dot are the links by which Kubernetes swaps a mounted directory. */
async function listFiles(directory: string): Promise<Listing> {
  const withProblem = (message: string): Listing => ({
    files: [],
    problems: [{ file: directory, line: 1, column: 1, path: '', message }],
  });
  return readdir(directory, { withFileTypes: true }).then(
    (entries) => {
      const files = entries.filter((entry) => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name));
      if (files.length === 0) return withProblem('holds no *.yaml or *.yml file');
      return { files: files.map(({ name }) => join(directory, name)).sort(), problems: [] };
    },
    (cause: NodeJS.ErrnoException) => withProblem(`cannot be read (${cause.code ?? cause.name})`),
  );
}
