import type { DecryptionKey } from './decryption-key.js';

/** Decryption keys for the verifier. Not accessible to applications. */
export interface DecryptionKeysInternals {
  /** All keys, the current one first. The same array until the keys are reloaded. */
  readonly keys: readonly DecryptionKey[];
  /**
   * Reload the keys to find an unknown key. These reloads are rate-limited.
   *
   * @returns whether the keys changed.
   * @throws TemporarilyUnavailableError (as rejection) if the source, which may contain the key, is unavailable.
   */
  reloadForUnknownKey(): Promise<boolean>;
}

const bound = new WeakMap<object, DecryptionKeysInternals>();

/** Bind internals to decryption keys at construction. */
export function bindDecryptionKeys<Keys extends object>(keys: Keys, internals: DecryptionKeysInternals): Keys {
  bound.set(keys, internals);
  return keys;
}

/**
 * Return the internals of decryption keys. Call it once at construction, not for each token.
 *
 * @param where function that takes the keys, for the error message.
 * @throws TypeError if `createDecryptionKeys()` did not create the object.
 */
export function decryptionKeysOf(keys: unknown, where: string): DecryptionKeysInternals {
  const internals = typeof keys === 'object' && keys !== null ? bound.get(keys) : undefined;
  if (internals === undefined) {
    throw new TypeError(`${where}: decryption must be DecryptionKeys: pass await createDecryptionKeys(...)`);
  }
  return internals;
}
