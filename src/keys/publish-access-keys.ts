import { callIsolated } from '../base/call-isolated.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import { replaceFile } from '../base/write-file.js';
import type { RotatingKeyRing } from './sourced-key-ring.js';

/** Options of `publishAccessKeys()`. */
export interface PublishAccessKeysOptions {
  /** Audience whose access keys are written. */
  readonly audience: string;
  /** Path of the file to write, in an existing directory. Its mode is 0600. */
  readonly file: string;
  /**
   * Called if the file cannot be written. Later key changes are still written.
   *
   * @default `process.emitWarning`
   */
  readonly onError?: (error: unknown) => void;
}

const KNOWN: KnownOptions<PublishAccessKeysOptions> = { audience: true, file: true, onError: true };

/**
 * Write the access keys of one audience to a file, for its resource server. The file is written immediately and after
 * each key change, so it contains a pending version before that version encrypts. The keys cannot decrypt refresh
 * tokens or tokens for other audiences.
 *
 * @returns a function that stops writing.
 * @throws TypeError (as rejection) if an option is missing or invalid, or the current key of the ring is not a root.
 * @throws Error (as rejection) if the file cannot be written.
 * @example
 * const stop = await publishAccessKeys(keyRing, { audience: 'https://api.example.com', file: 'api-keys.json' });
 */
export async function publishAccessKeys(
  ring: RotatingKeyRing,
  options: PublishAccessKeysOptions,
): Promise<() => void> {
  assertOptions(options, KNOWN, 'publishAccessKeys');
  const { audience, file, onError = warn } = options;
  assertString(audience, 'publishAccessKeys', 'audience', 'https://api.example.com');
  assertString(file, 'publishAccessKeys', 'file', 'api-keys.json');
  const write = (): Promise<void> =>
    replaceFile(file, `${JSON.stringify(ring.exportAccessKeys(audience))}\n`);
  await write();
  let written = Promise.resolve();
  return ring.onChange(() => {
    written = written.then(write).catch((error) => callIsolated(() => onError(error), warn));
  });
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : 'unknown reason';
  process.emitWarning(`publishAccessKeys: file cannot be written: ${reason}`, {
    code: 'PASSPORT_JWE_PUBLISH',
  });
}
