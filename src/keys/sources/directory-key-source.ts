import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { fingerprintFile, readPrivateFile } from '../../base/read-private-file.js';
import type { KeySource } from '../key-source.js';
import type { Jwk, JwkSet } from '../parse-jwk.js';
import { parseKeyText } from '../read-key-spec.js';
import { resolvePrivatePath } from './resolve-private-path.js';
import { watchState } from './watch-state.js';

export interface DirectoryKeySourceOptions {
  /** Path. Only the user of this process and root may write to the directory, and read or write its files. */
  readonly directory: string;
  /** Whether to trust the group like the owner, as for a key file. Default false. */
  readonly trustGroup?: boolean;
}

const KNOWN: KnownOptions<DirectoryKeySourceOptions> = { directory: true, trustGroup: true };

/** Excludes names with a leading dot, such as `..data`, with which Kubernetes swaps all files atomically. */
const KEY_FILE = /^[^.].*\.(json|jwk|key)$/;

/** Maximum number of key files, more than rotations produce. */
const MAX_FILES = 1000;

/** Attempts to read a directory that changes during the read. */
const MAX_ATTEMPTS = 5;

/**
 * Creates a read-only key source for a directory, such as the mounted volume of a Kubernetes secret. Each `*.json` or
 * `*.jwk` file (a JWK or a JWK Set) or `*.key` file (a root secret in text form) is one version, in the order of names.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keyRing = await openKeyRing({ source: directoryKeySource({ directory: '/etc/jwe-keys' }) });
 */
export function directoryKeySource(options: DirectoryKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'directoryKeySource');
  const { trustGroup = false } = options;
  const directory = resolvePrivatePath(options.directory, trustGroup, 'directoryKeySource: directory');
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
      throw new Error(`${directory} keeps changing while it is read`);
    },
    watch: (onChange: () => void) =>
      watchState({ directory, readState, loadedState: () => loaded, onChange }),
  });
}

async function readKeys(directory: string, trustGroup: boolean): Promise<JwkSet> {
  const files = await listKeyFiles(directory);
  if (files.length === 0)
    throw new Error(`${directory} holds no key file: add a *.json, *.jwk or *.key file`);
  if (files.length > MAX_FILES) throw new Error(`${directory} holds more than ${MAX_FILES} key files`);
  const keys: Jwk[] = [];
  for (const file of files) {
    const { text } = await readPrivateFile({ file, trustGroup });
    keys.push(...parseKeyText(text, `Key file ${file}`).keys);
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

/** Never rejects: the error of an unreadable directory is its fingerprint. */
async function fingerprintDirectory(directory: string): Promise<string> {
  try {
    const files = await listKeyFiles(directory);
    const fingerprints = await Promise.all(files.map(fingerprintFile));
    return JSON.stringify(files.map((file, index) => [file, fingerprints[index]]));
  } catch (failure) {
    return String(failure);
  }
}
