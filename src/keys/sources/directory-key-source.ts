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
  /** Its path. Nobody but the user of this process, or root, can write in it, or read or write the files in it. */
  readonly directory: string;
  /** Whether the group is trusted like the owner, as for one key file. Default false. */
  readonly trustGroup?: boolean;
}

const KNOWN: KnownOptions<DirectoryKeySourceOptions> = { directory: true, trustGroup: true };

/** `..data` and its like, by which Kubernetes replaces all files at once, begin with a dot. */
const KEY_FILE = /^[^.].*\.(json|jwk|key)$/;

/** More than any rotation leaves behind. */
const MAX_FILES = 1000;

/** A directory that changes while it is read is read again. */
const MAX_ATTEMPTS = 5;

/**
 * Key versions in a directory, such as the mounted volume of a Kubernetes secret: one a file, in the order of their
 * names, as `*.json` or `*.jwk` (a JWK or a JWK Set) or `*.key` (a root secret as text). Read-only.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function directoryKeySource(options: DirectoryKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'directoryKeySource');
  const { trustGroup = false } = options;
  const directory = resolvePrivatePath(options.directory, trustGroup, 'directory');
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
      throw new Error(`${directory} changes all the time`);
    },
    watch: (onChange: () => void) =>
      watchState({ directory, readState, loadedState: () => loaded, onChange }),
  });
}

async function readKeys(directory: string, trustGroup: boolean): Promise<JwkSet> {
  const files = await listKeyFiles(directory);
  if (files.length === 0) throw new Error(`${directory} holds no key: no file *.json, *.jwk or *.key`);
  if (files.length > MAX_FILES) throw new Error(`${directory} holds more than ${MAX_FILES} keys`);
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

/** It never rejects: a directory that cannot be read is a state too. */
async function fingerprintDirectory(directory: string): Promise<string> {
  try {
    const files = await listKeyFiles(directory);
    const fingerprints = await Promise.all(files.map(fingerprintFile));
    return JSON.stringify(files.map((file, index) => [file, fingerprints[index]]));
  } catch (failure) {
    return String(failure);
  }
}
