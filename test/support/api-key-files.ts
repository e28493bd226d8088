import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { ApiKey } from '../../src/api-keys/api-key.js';
import { ConfigurationError, type ConfigurationProblem } from '../../src/api-keys/configuration-error.js';
import type { Environment } from '../../src/api-keys/interpolate.js';
import { type LoadedApiKeys, loadApiKeys } from '../../src/api-keys/load-api-keys.js';
import { resolveApiKey } from '../../src/api-keys/resolve-api-key.js';
import { apiKeySchema } from '../../src/api-keys/schema.js';
import { rejectionOf } from './caught.js';

export type KeyFiles = Readonly<Record<string, string | Uint8Array>>;

/** The shortest file that is valid. */
export const MINIMAL_FILE = [
  'api_key: k-minimal',
  'name: Minimal',
  'type: api_call',
  'rate_limits: {}',
  '',
].join('\n');

/** The example file of the original description, word for word. */
export function readEnterpriseFile(): Promise<string> {
  return readFile(new URL('enterprise-api-key.yaml', import.meta.url), 'utf8');
}

/** Runs with a temporary directory that holds these files, and removes it. */
export async function withDirectory<Result>(
  files: KeyFiles,
  run: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-'));
  try {
    await Promise.all(
      Object.entries(files).map(([name, content]) => writeFile(join(directory, name), content)),
    );
    return await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

export function loadFiles(files: KeyFiles, environment: Environment = {}): Promise<LoadedApiKeys> {
  return withDirectory(files, (directory) => loadApiKeys({ directory, environment }));
}

/** The one API key of a file. */
export async function loadFile(content: string, environment: Environment = {}): Promise<ApiKey> {
  const { apiKeys } = await loadFiles({ 'key.yaml': content }, environment);
  const [apiKey] = apiKeys;
  if (apiKey === undefined) throw new Error('The file configures no API key');
  return apiKey;
}

/** What is wrong with these files, each file by its bare name. */
export async function problemsOf(
  files: KeyFiles,
  environment: Environment = {},
): Promise<readonly ConfigurationProblem[]> {
  const error = await rejectionOf(loadFiles(files, environment));
  if (!(error instanceof ConfigurationError)) throw error;
  return error.problems.map((problem) => ({ ...problem, file: basename(problem.file) }));
}

/** The faults of one file as `path: message`. */
export async function faultsOf(content: string, environment: Environment = {}): Promise<readonly string[]> {
  const problems = await problemsOf({ 'key.yaml': content }, environment);
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

/** An API key as a valid file yields it; `fields` replaces fields of the file, whose scalars are all text. */
export function apiKeyOf(fields: Readonly<Record<string, unknown>> = {}): ApiKey {
  const file = {
    api_key: 'sk-demo',
    key_id: 'demo',
    name: 'Demo key',
    type: 'tiered_model_exec',
    permissions: ['read:documents', 'write:documents'],
    models: [{ name: 'echo-1', endpoint: 'echo:' }],
    rate_limits: {},
    ...fields,
  };
  const apiKey = resolveApiKey(v.parse(apiKeySchema, JSON.parse(JSON.stringify(file))));
  if (apiKey === undefined) throw new Error('The fields yield no key_id');
  return apiKey;
}
