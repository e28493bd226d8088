import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from './api-key-registry.js';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
import type { Environment } from './interpolate.js';
import { type ApiKeySet, readApiKeys } from './read-api-keys.js';
import { recordLoaded, recordRejected } from './record-reading.js';

export interface LoadApiKeysOptions {
  /** Every `*.yaml` and `*.yml` file in it configures one API key; folders are not read, and are warnings. */
  readonly directory: string;
  /** Where `${VAR}` is looked up. Default `process.env`. */
  readonly environment?: Environment;
  /** Where loading is put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
}

/** API keys from files. */
export interface LoadedApiKeys extends ApiKeyRegistry {
  /** What is allowed, but should be mended, such as a key that is easy to guess; never a value. */
  readonly warnings: readonly ConfigurationProblem[];
}

export const API_KEY_OPTIONS: KnownOptions<LoadApiKeysOptions> = {
  directory: true,
  environment: true,
  audit: true,
};

/**
 * Loads all API keys of a directory, or none. They stay as they are; see `watchApiKeys()`.
 * @throws ConfigurationError (as rejection) with every problem of every file: place, path and what would be
 *   right, never a value.
 * @throws TypeError for an option that is missing or unknown.
 */
export async function loadApiKeys(options: LoadApiKeysOptions): Promise<LoadedApiKeys> {
  assertOptions(options, API_KEY_OPTIONS, 'loadApiKeys');
  const settings = resolveApiKeyOptions(options);
  const { keys, warnings } = await loadFirst(settings);
  return Object.freeze({ ...createApiKeyRegistry(keys), warnings });
}

/** @throws TypeError for an option that is missing or makes no sense. */
export function resolveApiKeyOptions(options: LoadApiKeysOptions): Required<LoadApiKeysOptions> {
  const { directory, environment = process.env, audit = noAuditTrail } = options;
  if (typeof directory !== 'string') throw new TypeError('directory must be a path');
  assertAuditTrail(audit);
  return { directory, environment, audit };
}

/** @throws ConfigurationError (as rejection): nothing is in force that could stay. */
export async function loadFirst(settings: Required<LoadApiKeysOptions>): Promise<ApiKeySet> {
  const set = await readApiKeys(settings);
  if (set.problems.length > 0) {
    await recordRejected(settings.audit, set.problems);
    throw new ConfigurationError(set.problems);
  }
  await recordLoaded(settings.audit, set);
  return set;
}
