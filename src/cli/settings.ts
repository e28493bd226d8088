import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { ConfigurationError } from '../api-keys/configuration-error.js';
import { type LoadedApiKeys, loadApiKeys } from '../api-keys/load-api-keys.js';
import { createKeyRing } from '../keys/create-key-ring.js';
import type { KeyRing } from '../keys/key-ring.js';
import { type LmdbStores, openLmdbStores } from '../stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../stores/redis/open-redis-stores.js';
import type { Stores } from '../stores/stores.js';
import type { CommandIo } from './command-io.js';

/** Options that several commands share; each is also read from the environment. */
export const keysOption = () =>
  new Option('--keys <file>', 'key file').env('JWE_KEYS_FILE').default('keys.json');
export const environmentOption = () =>
  new Option('--environment <name>', 'environment for key derivation').default('production');
export const apiKeysOption = () =>
  new Option('--api-keys <directory>', 'directory of the API keys').env('API_KEYS_DIR').default('api-keys');
/** Without a default: the command checks API keys only if they are named. */
export const checkedApiKeysOption = () =>
  new Option('--api-keys <directory>', 'directory of the API keys, to check that of the token').env(
    'API_KEYS_DIR',
  );
export const issuerOption = () =>
  new Option('--issuer <url>', 'issuer of the tokens').env('ISSUER').makeOptionMandatory();
export const audienceOption = () =>
  new Option('--audience <name>', 'audience of the tokens').env('AUDIENCE').makeOptionMandatory();
export const storeOption = () =>
  new Option('--store <directory>', 'directory of the embedded store (LMDB)')
    .env('STORE_DIR')
    .conflicts('redis');
export const generationFileOption = () =>
  new Option(
    '--generation-file <file>',
    'generation file of the embedded store, if it is not at the default path',
  ).env('STORE_GENERATION_FILE');
export const redisOption = () => new Option('--redis <url>', 'URL of Redis').env('REDIS_URL');
export const jsonOption = () => new Option('--json', 'print JSON for scripts');

export interface KeyOptions {
  readonly keys: string;
  readonly environment: string;
}

export interface StoreOptions {
  readonly store?: string;
  readonly generationFile?: string;
  readonly redis?: string;
}

/** Invalid arguments. The message says what to pass instead. */
export class UsageError extends Error {}

export function openKeys(io: CommandIo, { keys, environment }: KeyOptions): Promise<KeyRing> {
  return createKeyRing({ current: { file: resolve(io.directory, keys) }, environment });
}

export function openApiKeys(io: CommandIo, directory: string): Promise<LoadedApiKeys> {
  return loadApiKeys({ directory: resolve(io.directory, directory) });
}

/** Loads the API keys if their files are valid: a broken file must not prevent the revocation of another key. */
export async function findApiKeys(io: CommandIo, directory: string): Promise<LoadedApiKeys | undefined> {
  try {
    return await openApiKeys(io, directory);
  } catch (failure) {
    if (failure instanceof ConfigurationError) return undefined;
    throw failure;
  }
}

/**
 * Runs a function with the stores of the options, then closes them.
 * @throws UsageError if the options name no store.
 */
export async function withStores<Result>(
  io: CommandIo,
  { store, generationFile, redis }: StoreOptions,
  run: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  if (redis === undefined && store === undefined) {
    throw new UsageError('Pass the store: --store DIRECTORY (LMDB) or --redis URL');
  }
  const stores =
    redis === undefined
      ? await openEmbeddedStore(io, {
          store: store ?? '',
          ...(generationFile === undefined ? {} : { generationFile }),
        })
      : await openRedisStores({ url: redis });
  try {
    return await run(stores);
  } finally {
    await stores.close();
  }
}

export interface EmbeddedStoreOptions {
  readonly store: string;
  readonly generationFile?: string;
  readonly acceptRestore?: boolean;
}

/** Opens a store that exists: a mistyped path must not become a new store. @throws UsageError if there is none. */
export async function openEmbeddedStore(io: CommandIo, options: EmbeddedStoreOptions): Promise<LmdbStores> {
  const path = resolve(io.directory, options.store);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) throw new UsageError(`There is no store at ${path}`);
  const { generationFile, acceptRestore = false } = options;
  const place = generationFile === undefined ? {} : { generationFile: resolve(io.directory, generationFile) };
  return openLmdbStores({ path, ...place, acceptRestore, clock: io.clock });
}

/** Returns the argument or, if it is `-` or missing, reads standard input, which other users cannot see. */
export async function readToken(io: CommandIo, argument: string | undefined): Promise<string> {
  const token = (argument === undefined || argument === '-' ? await io.readInput() : argument).trim();
  if (token === '') throw new UsageError('Pass the token as an argument, or on standard input');
  return token;
}

/**
 * How long revocations by an operator are kept: ten years, because the command line does not know the lifetime of the
 * refresh tokens.
 */
export const OPERATOR_HORIZON_SECONDS = 10 * 366 * 86_400;
