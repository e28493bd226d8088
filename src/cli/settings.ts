import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { ConfigurationError } from '../api-keys/configuration-error.js';
import { type LoadedApiKeys, loadApiKeys } from '../api-keys/load-api-keys.js';
import { readPrivateFile } from '../base/read-private-file.js';
import { createKeyRing } from '../keys/create-key-ring.js';
import type { KeyRing } from '../keys/key-ring.js';
import { type LmdbStores, openLmdbStores } from '../stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../stores/redis/open-redis-stores.js';
import type { Stores } from '../stores/stores.js';
import type { CommandIo } from './command-io.js';

/** Options that several commands share. Most of them can also be set in the environment. */
export const keysOption = () =>
  new Option('--keys <file>', 'key file').env('JWE_KEYS_FILE').default('keys.json');
export const environmentOption = () =>
  new Option('--environment <name>', 'environment for key derivation').default('production');
export const apiKeysOption = () =>
  new Option('--api-keys <directory>', 'directory of the API keys').env('API_KEYS_DIR').default('api-keys');
/** Without a default: the command checks API keys only if they are named. */
export const checkedApiKeysOption = () =>
  new Option('--api-keys <directory>', 'directory of the API keys, to check the API key of the token').env(
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
export const dpopKeyOption = (description: string) =>
  new Option('--dpop-key <file>', description).env('DPOP_KEY_FILE');
export const jsonOption = () => new Option('--json', 'print JSON for scripts');

/** Options that locate the keys of a command. */
export interface KeyOptions {
  readonly keys: string;
  readonly environment: string;
}

/** Options that locate the store of a command. */
export interface StoreOptions {
  readonly store?: string;
  readonly generationFile?: string;
  readonly redis?: string;
}

/** Error for invalid arguments. The message names the arguments to pass. */
export class UsageError extends Error {}

/** Failure with a separate exit code, so that scripts can tell it apart. */
export class ExitError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** Create a key ring from the key file in the options. */
export function openKeys(io: CommandIo, { keys, environment }: KeyOptions): Promise<KeyRing> {
  return createKeyRing({ current: { file: resolve(io.directory, keys) }, environment });
}

/**
 * Load the API keys in a directory.
 *
 * @throws ConfigurationError (as rejection) if a file is invalid.
 */
export function openApiKeys(io: CommandIo, directory: string): Promise<LoadedApiKeys> {
  return loadApiKeys({ directory: resolve(io.directory, directory) });
}

/**
 * Load the API keys in a directory, or return `undefined` if a file is invalid. An invalid file must not prevent the
 * revocation of a different API key.
 */
export async function findApiKeys(io: CommandIo, directory: string): Promise<LoadedApiKeys | undefined> {
  try {
    return await openApiKeys(io, directory);
  } catch (failure) {
    if (failure instanceof ConfigurationError) return undefined;
    throw failure;
  }
}

/** Timeout of each Redis command. An operator waits for a slow Redis, but a request of a client does not. */
const REDIS_TIMEOUT_MS = 5000;

/**
 * Open the stores that the options name, run a function with them, and close them.
 *
 * @throws UsageError (as rejection) if the options name no store, or if the embedded store does not exist.
 */
export async function withStores<Result>(
  io: CommandIo,
  { store, generationFile, redis }: StoreOptions,
  run: (stores: Stores) => Promise<Result>,
): Promise<Result> {
  if (redis === undefined && store === undefined) {
    throw new UsageError('The store is missing: pass --store DIRECTORY (LMDB) or --redis URL');
  }
  const stores =
    redis === undefined
      ? await openEmbeddedStore(io, {
          store: store ?? '',
          ...(generationFile === undefined ? {} : { generationFile }),
        })
      : await openRedisStores({ url: redis, commandTimeoutMs: REDIS_TIMEOUT_MS });
  try {
    return await run(stores);
  } finally {
    await stores.close();
  }
}

/** Options that locate an embedded store. */
export interface EmbeddedStoreOptions {
  readonly store: string;
  readonly generationFile?: string;
  readonly acceptRestore?: boolean;
}

/**
 * Open an existing embedded store. It never creates a store, because a path may be mistyped.
 *
 * @throws UsageError (as rejection) if the store does not exist.
 */
export async function openEmbeddedStore(io: CommandIo, options: EmbeddedStoreOptions): Promise<LmdbStores> {
  const path = resolve(io.directory, options.store);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere)
    throw new UsageError(`There is no store at ${path}: pass the directory of an existing store as --store`);
  const { generationFile, acceptRestore = false } = options;
  const place = generationFile === undefined ? {} : { generationFile: resolve(io.directory, generationFile) };
  return openLmdbStores({ path, ...place, acceptRestore, clock: io.clock });
}

/**
 * Return the token in the argument. If the argument is `-` or missing, read the token from standard input, which
 * other users cannot see.
 *
 * @throws UsageError (as rejection) if the token is empty.
 */
export async function readToken(io: CommandIo, argument: string | undefined): Promise<string> {
  const token = (argument === undefined || argument === '-' ? await io.readInput() : argument).trim();
  if (token === '') throw new UsageError('The token is missing: pass it as an argument or on standard input');
  return token;
}

/**
 * Read a token or an API key from a private file or, without a file, from standard input.
 *
 * @param missing message for an empty secret.
 * @throws UsageError (as rejection) if the secret is empty.
 * @throws Error (as rejection) if the file cannot be read, or other users can read or write it.
 */
export async function readSecretText(
  io: CommandIo,
  file: string | undefined,
  missing: string,
): Promise<string> {
  const read = async (path: string) => (await readPrivateFile({ file: resolve(io.directory, path) })).text;
  const secret = (file === undefined ? await io.readInput() : await read(file)).trim();
  if (secret === '') throw new UsageError(missing);
  return secret;
}

/**
 * Maximum token lifetime for revocations by an operator, in seconds: ten years. The command line does not know the
 * actual lifetime of refresh tokens.
 */
export const OPERATOR_HORIZON_SECONDS = 10 * 366 * 86_400;
