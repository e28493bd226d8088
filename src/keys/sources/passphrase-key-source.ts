import { awaitInContext } from '../../base/in-context.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { deriveFromPassphrase, type PassphraseKey } from '../derive-from-passphrase.js';
import type { KeySource } from '../key-source.js';
import type { JwkSet } from '../parse-jwk.js';
import { toRootJwk } from '../read-key-spec.js';

const KNOWN: KnownOptions<PassphraseKey> = { passphrase: true, salt: true, iterations: true };

/**
 * Create a read-only key source with one root, derived from a passphrase. A different passphrase yields a different
 * root, so existing tokens are rejected. For key rings that rotate, use a different source.
 *
 * `load()` rejects with a `TypeError` if the passphrase, salt or number of iterations is invalid.
 *
 * @throws TypeError if an option is unknown.
 * @example
 * const source = passphraseKeySource({ passphrase, salt }); // salt: at least 16 bytes
 * const keyRing = await openKeyRing({ source });
 */
export function passphraseKeySource(options: PassphraseKey): KeySource {
  assertOptions(options, KNOWN, 'passphraseKeySource');
  const parameters = { ...options };
  let derived: Promise<JwkSet> | undefined;
  return Object.freeze({
    name: 'passphrase',
    load() {
      derived ??= awaitInContext('passphraseKeySource', async () => ({
        keys: [toRootJwk(await deriveFromPassphrase(parameters))],
      }));
      return derived;
    },
  });
}
