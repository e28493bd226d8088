import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from './api-key-registry.js';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
import type { Environment } from './interpolate.js';
import { type ApiKeySet, readApiKeys } from './read-api-keys.js';
import { recordLoaded, recordRejected } from './record-reading.js';

export interface LoadApiKeysOptions {
  /** Directory in which each `*.yaml` or `*.yml` file configures one API key. Folders are ignored with a warning. */
  readonly directory: string;
  /** Values of `${VAR}`. Default `process.env`. */
  readonly environment?: Environment;
  /** Audit trail that records loaded and rejected files. Default: none. */
  readonly audit?: AuditTrail;
}

/** API keys that were loaded from files. */
export interface LoadedApiKeys extends ApiKeyRegistry {
  /** Problems that are no errors, such as weak keys. They contain no values. */
  readonly warnings: readonly ConfigurationProblem[];
}

export const API_KEY_OPTIONS: KnownOptions<LoadApiKeysOptions> = {
  directory: true,
  environment: true,
  audit: true,
};

/**
 * Loads the API keys of a directory once. To follow changes of the files, use `watchApiKeys()`.
 *
 * @throws ConfigurationError (as rejection) if any file is invalid. It lists all problems of all files, with position,
 *   path and expected value, but no actual value.
 * @throws TypeError (as rejection) if an option is missing or unknown.
 * @example
 * const apiKeys = await loadApiKeys({ directory: 'api-keys' });
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys }));
 */
export async function loadApiKeys(options: LoadApiKeysOptions): Promise<LoadedApiKeys> {
  assertOptions(options, API_KEY_OPTIONS, 'loadApiKeys');
  const settings = resolveApiKeyOptions(options);
  const { keys, warnings } = await loadFirst(settings);
  return Object.freeze({ ...createApiKeyRegistry(keys), warnings });
}

/** @throws TypeError if an option is missing or invalid. */
export function resolveApiKeyOptions(options: LoadApiKeysOptions): Required<LoadApiKeysOptions> {
  const { directory, environment = process.env, audit = noAuditTrail } = options;
  if (typeof directory !== 'string')
    throw new TypeError('directory must be the path of the directory with the API key files');
  assertAuditTrail(audit);
  return { directory, environment, audit };
}

/** Loads the first set. @throws ConfigurationError (as rejection) if it is invalid. */
export async function loadFirst(settings: Required<LoadApiKeysOptions>): Promise<ApiKeySet> {
  const set = await readApiKeys(settings);
  if (set.problems.length > 0) {
    await recordRejected(settings.audit, set.problems);
    throw new ConfigurationError(set.problems);
  }
  await recordLoaded(settings.audit, set);
  return set;
}
