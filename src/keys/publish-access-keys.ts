import { callIsolated } from '../base/call-isolated.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import { replaceFile } from '../base/write-file.js';
import type { RotatingKeyRing } from './sourced-key-ring.js';

export interface PublishAccessKeysOptions {
  /** The audience whose access keys the file gets. */
  readonly audience: string;
  /** Path of the file, in a directory that is there; written for its owner alone (0600). */
  readonly file: string;
  /** Told of a change that could not be written; the next one is tried all the same. Default: `process.emitWarning`. */
  readonly onError?: (error: unknown) => void;
}

const KNOWN: KnownOptions<PublishAccessKeysOptions> = { audience: true, file: true, onError: true };

/**
 * Keeps a file that holds the access keys of one audience, for the key ring of that resource server: it is written now
 * and after every change of the ring, so that a pending version is in it before it encrypts. It opens no tokens of other
 * audiences, and no refresh tokens.
 * @returns what ends it.
 * @throws TypeError (as rejection) for an option that is missing, or a ring whose keys were given underived.
 * @throws Error where the file cannot be written.
 */
export async function publishAccessKeys(
  ring: RotatingKeyRing,
  options: PublishAccessKeysOptions,
): Promise<() => void> {
  assertOptions(options, KNOWN, 'publishAccessKeys');
  const { audience, file, onError = warn } = options;
  assertString(audience, 'publishAccessKeys', 'audience');
  assertString(file, 'publishAccessKeys', 'file');
  const write = (): Promise<void> =>
    replaceFile(file, `${JSON.stringify(ring.exportAccessKeys(audience))}\n`);
  await write();
  let written = Promise.resolve();
  return ring.onChange(() => {
    written = written.then(write).catch((error) => callIsolated(() => onError(error), warn));
  });
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : 'for an unknown reason';
  process.emitWarning(`Access keys could not be published: ${reason}`, { code: 'PASSPORT_JWE_PUBLISH' });
}
