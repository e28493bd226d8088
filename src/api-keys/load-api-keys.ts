import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { type ApiKeyRegistry, createApiKeyRegistry } from './api-key-registry.js';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
import type { Environment } from './interpolate.js';
import { type ApiKeySet, readApiKeys } from './read-api-keys.js';
import { recordLoaded, recordRejected } from './record-reading.js';

/** Options of `loadApiKeys()`. */
export interface LoadApiKeysOptions {
  /** Directory of the API key files. Each `*.yaml` or `*.yml` file configures one API key. Subdirectories are ignored. */
  readonly directory: string;
  /**
   * Environment variables that replace `${VAR}` in the files.
   *
   * @default process.env
   */
  readonly environment?: Environment;
  /**
   * Receives audit events for loaded and rejected files.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
}

/** Registry of API keys that were loaded from files. */
export interface LoadedApiKeys extends ApiKeyRegistry {
  /** Problems that do not invalidate the files, such as weak keys. They never contain values of the files. */
  readonly warnings: readonly ConfigurationProblem[];
}

/** Known options of `loadApiKeys()`. */
export const API_KEY_OPTIONS: KnownOptions<LoadApiKeysOptions> = {
  directory: true,
  environment: true,
  audit: true,
};

/**
 * Load the API keys in a directory once. To reload changed files, use `watchApiKeys()`.
 *
 * @throws ConfigurationError (as rejection) if a file is invalid. It lists all problems in all files by position, path
 *   and expected value.
 * @throws TypeError (as rejection) if an option is missing, unknown or invalid.
 * @example
 * const apiKeys = await loadApiKeys({ directory: 'api-keys' });
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys }));
 */
export async function loadApiKeys(options: LoadApiKeysOptions): Promise<LoadedApiKeys> {
  assertOptions(options, API_KEY_OPTIONS, 'loadApiKeys');
  const settings = resolveApiKeyOptions(options, 'loadApiKeys');
  const { keys, warnings } = await loadFirst(settings);
  return Object.freeze({ ...createApiKeyRegistry(keys), warnings });
}

/**
 * Check the options and apply the defaults.
 *
 * @throws TypeError if an option is missing or invalid.
 */
export function resolveApiKeyOptions(
  options: LoadApiKeysOptions,
  where: 'loadApiKeys' | 'watchApiKeys',
): Required<LoadApiKeysOptions> {
  const { directory, environment = process.env, audit = noAuditTrail } = options;
  if (typeof directory !== 'string')
    throw new TypeError(
      `${where}: directory is required: pass the path of the directory with the API key files, for example "api-keys"`,
    );
  assertAuditTrail(audit, where);
  return { directory, environment, audit };
}

/**
 * Load the initial set of API keys and record the result in the audit log.
 *
 * @throws ConfigurationError (as rejection) if a file is invalid.
 */
export async function loadFirst(settings: Required<LoadApiKeysOptions>): Promise<ApiKeySet> {
  const set = await readApiKeys(settings);
  if (set.problems.length > 0) {
    await recordRejected(settings.audit, set.problems);
    throw new ConfigurationError(set.problems);
  }
  await recordLoaded(settings.audit, set);
  return set;
}
