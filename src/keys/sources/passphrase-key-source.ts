import { assertOptions, type KnownOptions } from '../../base/options.js';
import { deriveFromPassphrase, type PassphraseKey } from '../derive-from-passphrase.js';
import type { KeySource } from '../key-source.js';
import type { JwkSet } from '../parse-jwk.js';
import { toRootJwk } from '../read-key-spec.js';

const KNOWN: KnownOptions<PassphraseKey> = { passphrase: true, salt: true, iterations: true };

/**
 * The one root that a passphrase yields, derived once. Read-only: a passphrase that changes is another root, and what was
 * encrypted under the old one is refused, so a ring that is to be rotated is kept in another source.
 * @throws TypeError for an option that there is not; when it is loaded, for a passphrase or a salt that is too weak.
 */
export function passphraseKeySource(options: PassphraseKey): KeySource {
  assertOptions(options, KNOWN, 'passphraseKeySource');
  const parameters = { ...options };
  let derived: Promise<JwkSet> | undefined;
  return Object.freeze({
    name: 'passphrase',
    load() {
      derived ??= deriveFromPassphrase(parameters).then((bytes) => ({ keys: [toRootJwk(bytes)] }));
      return derived;
    },
  });
}
