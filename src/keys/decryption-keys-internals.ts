import { type Clock, systemClock } from '../base/clock.js';
import type { DecryptionKey } from './decryption-key.js';
import type { DecryptionKeys } from './decryption-keys-contract.js';
import { toPublicDecryptionJwk } from './public-jwk.js';

/** Operations of decryption keys for verifiers. Not accessible to applications. */
export interface DecryptionKeysInternals {
  /** All keys, the current one first. The same array until a reload. */
  readonly keys: readonly DecryptionKey[];

  /**
   * Reload the keys to find an unknown `kid`. These reloads are rate-limited.
   *
   * @returns whether the keys changed. If so, look up the key again.
   * @throws TemporarilyUnavailableError (as rejection) if a source, which may contain the key, is unavailable.
   */
  reloadForUnknownKey(): Promise<boolean>;
}

const bound = new WeakMap<object, DecryptionKeysInternals>();

/** Bind internals to decryption keys at construction. */
export function bindDecryptionKeys(keys: DecryptionKeys, internals: DecryptionKeysInternals): void {
  bound.set(keys, internals);
}

/**
 * Return the internals of decryption keys. Call it once at construction, not for each token.
 *
 * @param where function and option that take the keys, for the error message.
 * @throws TypeError if the object was not created by `createDecryptionKeys()`, for example if it is a promise.
 */
export function decryptionKeysOf(keys: DecryptionKeys, where: string): DecryptionKeysInternals {
  const internals = bound.get(keys);
  if (internals === undefined)
    throw new TypeError(`${where} must be DecryptionKeys: pass await createDecryptionKeys(...)`);
  return internals;
}

/** Parts of decryption keys whose keys may change. */
export interface DecryptionKeysParts extends DecryptionKeysInternals {
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Create decryption keys from their parts. */
export function assembleDecryptionKeys(parts: DecryptionKeysParts): DecryptionKeys {
  const keys: DecryptionKeys = Object.freeze({
    exportPublicKeys: () => ({
      keys: parts.keys.flatMap((key) =>
        key.type === 'secret' || (key.notAfter ?? Number.POSITIVE_INFINITY) <= parts.clock()
          ? []
          : [toPublicDecryptionJwk(key)],
      ),
    }),
    close: () => parts.close(),
  });
  bindDecryptionKeys(keys, parts);
  return keys;
}

/**
 * Create decryption keys from parsed keys, which never change.
 *
 * @throws TypeError if two keys share a `kid`.
 */
export function keepDecryptionKeys(
  keys: readonly DecryptionKey[],
  clock: Clock = systemClock,
): DecryptionKeys {
  assertDistinctKeys(keys);
  return assembleDecryptionKeys({
    keys: Object.freeze([...keys]),
    clock,
    reloadForUnknownKey: async () => false,
    close: async () => undefined,
  });
}

/** Assert that no two decryption keys share a `kid`. @throws TypeError if two keys do. */
export function assertDistinctKeys(keys: readonly DecryptionKey[]): void {
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length)
    throw new TypeError('two keys have the same kid: remove one, or give one a different kid');
}
