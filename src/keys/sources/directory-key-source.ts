import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { fingerprintFile, readPrivateFile } from '../../base/read-private-file.js';
import type { KeySource } from '../key-source.js';
import type { Jwk, JwkSet } from '../parse-jwk.js';
import { parseSourceText } from '../parse-source-text.js';
import { resolvePrivatePath } from './resolve-private-path.js';
import { watchState } from './watch-state.js';

/** Options of `directoryKeySource()`. */
export interface DirectoryKeySourceOptions {
  /** Path of the directory. Only the process user and root may write to it, and read or write its files. */
  readonly directory: string;
  /**
   * Whether the group is trusted like the owner, as in `fileKeySource()`.
   *
   * @default false
   */
  readonly trustGroup?: boolean;
}

const KNOWN: KnownOptions<DirectoryKeySourceOptions> = { directory: true, trustGroup: true };

/**
 * Names of key files. Excludes a leading dot, as in `..data`, which Kubernetes uses to replace all files atomically.
 */
const KEY_FILE = /^[^.].*\.(json|jwk|key)$/;

/** Maximum number of key files, far more than rotations produce. */
const MAX_FILES = 1000;

/** Maximum number of attempts to read a directory that changes during the read. */
const MAX_ATTEMPTS = 5;

/**
 * Create a read-only key source for a directory, for example a mounted Kubernetes secret. Each key file is one
 * version, in the order of the file names: `*.json` and `*.jwk` contain a JWK or a JWK Set, `*.key` contains a root
 * secret in text form.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keyRing = await openKeyRing({ source: directoryKeySource({ directory: '/etc/jwe-keys' }) });
 */
export function directoryKeySource(options: DirectoryKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'directoryKeySource');
  const { trustGroup = false } = options;
  const directory = resolvePrivatePath(options.directory, trustGroup, 'directoryKeySource', 'directory');
  const readState = (): Promise<string> => fingerprintDirectory(directory);
  let loaded: string | undefined;

  return Object.freeze({
    name: directory,
    async load() {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const state = await readState();
        const keys = await readKeys(directory, trustGroup).catch((failure: unknown) => ({ failure }));
        if (state !== (await readState())) continue;
        loaded = state;
        if ('failure' in keys) throw keys.failure;
        return keys;
      }
      throw new Error(
        `Key directory ${directory} changed during ${MAX_ATTEMPTS} reads: stop programs that keep writing to it`,
      );
    },
    watch: (onChange: () => void) =>
      watchState({ directory, readState, loadedState: () => loaded, onChange }),
  });
}

async function readKeys(directory: string, trustGroup: boolean): Promise<JwkSet> {
  const files = await listKeyFiles(directory);
  if (files.length === 0)
    throw new Error(`Key directory ${directory} has no key files: add a *.json, *.jwk or *.key file`);
  if (files.length > MAX_FILES)
    throw new Error(`Key directory ${directory} has more than ${MAX_FILES} key files: remove retired keys`);
  const keys: Jwk[] = [];
  for (const file of files) {
    const { text } = await readPrivateFile({ file, trustGroup });
    keys.push(...parseSourceText(text, `key file ${file}`).keys);
  }
  return { keys };
}

async function listKeyFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => KEY_FILE.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** Return a string that changes with every key file. Never rejects: for an unreadable directory, it is the error. */
async function fingerprintDirectory(directory: string): Promise<string> {
  try {
    const files = await listKeyFiles(directory);
    const fingerprints = await Promise.all(files.map(fingerprintFile));
    return JSON.stringify(files.map((file, index) => [file, fingerprints[index]]));
  } catch (failure) {
    return String(failure);
  }
}
