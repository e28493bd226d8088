import { noAuditTrail } from '../audit/record.js';
import { systemClock } from '../base/clock.js';
import type { DecryptionKey } from './decryption-key.js';
import type { DecryptionKeySource } from './decryption-key-location.js';
import { assertDistinctKeys } from './decryption-keys-internals.js';
import { followSource } from './follow-source.js';
import type { JwkSet } from './jwk.js';
import { KeySetLoader } from './key-set-loader.js';
import { parseDecryptionJwkSet } from './parse-decryption-jwk-set.js';
import type { DecryptionKeyDefaults } from './read-decryption-traits.js';

/** Decryption keys of one location. During an outage of a source, the last valid keys remain in use. */
export interface LocatedDecryptionKeys {
  readonly keys: readonly DecryptionKey[];
  /**
   * Reload the keys to find an unknown `kid`. These reloads are rate-limited.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the source is unavailable.
   */
  reloadForUnknownKey(): Promise<void>;
  /** Start to reload at intervals and on changes. Calls `onChange` after each change of the keys. */
  follow(onChange: () => void): void;
  close(): Promise<void>;
}

/** Minimum time between two loads for unknown key IDs, in seconds. */
const MIN_SECONDS = 10;

interface LoadedKeys {
  /** The set as JSON, compared to detect changes. Secret. */
  readonly text: string;
  readonly keys: readonly DecryptionKey[];
}

/**
 * Load decryption keys from a source. `follow()` starts to reload them.
 *
 * @throws Error (as rejection) if the source cannot be loaded or its keys are invalid, with the reason as `cause`.
 */
export async function loadDecryptionKeySource(
  location: DecryptionKeySource & DecryptionKeyDefaults,
): Promise<LocatedDecryptionKeys> {
  const { source, reloadSeconds = 60, loadTimeoutSeconds = 5 } = location;
  const { audit = noAuditTrail, clock = systemClock } = location;
  const unknownKeySeconds = Math.min(reloadSeconds, MIN_SECONDS);
  const parse = (set: JwkSet): LoadedKeys => {
    const keys = parseDecryptionJwkSet(set, location);
    assertDistinctKeys(keys);
    return { text: JSON.stringify(set), keys };
  };
  const loader = new KeySetLoader({ source, parse, loadTimeoutSeconds, unknownKeySeconds, audit, clock });
  let current = await loader.loadFirst();
  let notify = (): void => {};
  let stop = (): void => {};

  const adopt = (loaded: LoadedKeys | undefined): void => {
    if (loaded === undefined || loaded.text === current.text) return;
    current = loaded;
    notify();
  };

  return {
    get keys() {
      return current.keys;
    },
    reloadForUnknownKey: async () => adopt(await loader.loadForUnknownKey()),
    follow(onChange) {
      notify = onChange;
      stop = followSource(source, reloadSeconds, async () => adopt(await loader.load()));
    },
    async close() {
      stop();
      await source.close?.();
    },
  };
}
