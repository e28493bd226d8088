import { dirname } from 'node:path';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { fingerprintFile, type PrivateFile, readPrivateFile } from '../../base/read-private-file.js';
import { updateFile } from '../../base/update-file.js';
import type { KeySource } from '../key-source.js';
import type { JwkSet } from '../parse-jwk.js';
import { parseSourceText } from '../parse-source-text.js';
import { formatKeySet, isSameKeySet } from './key-set-text.js';
import { resolvePrivatePath } from './resolve-private-path.js';
import { watchState } from './watch-state.js';

/** Options of `fileKeySource()`. */
export type FileKeySourceOptions = PrivateFile;

const KNOWN: KnownOptions<FileKeySourceOptions> = { file: true, trustGroup: true };

/**
 * Create a writable key source for an existing file on a local disk. The file contains a JWK Set, a JWK or a root
 * secret in text form. A rotation writes a JWK Set.
 *
 * Several processes may share and rotate the file. No update is lost, and a crash never leaves an incomplete file.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keyRing = await openKeyRing({ source: fileKeySource({ file: 'keys.json' }) });
 */
export function fileKeySource(options: FileKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'fileKeySource');
  const { trustGroup = false } = options;
  const file = resolvePrivatePath(options.file, trustGroup, 'fileKeySource', 'file');
  const place: PrivateFile = { file, trustGroup };
  const parse = (text: string): JwkSet => parseSourceText(text, `key file ${file}`);
  let loaded: string | undefined;

  return Object.freeze({
    name: file,
    async load() {
      const { text, fingerprint } = await readPrivateFile(place);
      loaded = fingerprint;
      return parse(text);
    },
    watch: (onChange: () => void) =>
      watchState({
        directory: dirname(file),
        readState: () => fingerprintFile(file),
        loadedState: () => loaded,
        onChange,
      }),
    replace: async (previous: JwkSet, next: JwkSet) =>
      updateFile(place, {
        isExpected: (text) => isSameKeySet(parse(text), previous),
        next: formatKeySet(next),
      }),
  });
}
