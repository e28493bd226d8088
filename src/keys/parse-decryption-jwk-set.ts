import { inContext } from '../base/in-context.js';
import type { DecryptionKey } from './decryption-key.js';
import { type JwkSet, NO_KEYS } from './jwk.js';
import { parseDecryptionJwk } from './parse-decryption-jwk.js';
import type { DecryptionKeyDefaults } from './read-decryption-traits.js';

/**
 * Parse the decryption keys of a JWK Set in order. Skip signature keys (`use` "sig").
 *
 * @returns at least one key.
 * @throws TypeError if there is no decryption key, or a key is public, weak or malformed. The message names the key by
 *   its index, without its value.
 */
export function parseDecryptionJwkSet(
  { keys }: JwkSet,
  defaults: DecryptionKeyDefaults = {},
): readonly DecryptionKey[] {
  if (!Array.isArray(keys)) throw new TypeError(NO_KEYS);
  const parsed = keys.flatMap((jwk, index) =>
    jwk?.use === 'sig' ? [] : [inContext(`keys[${index}]`, () => parseDecryptionJwk(jwk, defaults))],
  );
  if (parsed.length === 0)
    throw new TypeError('the JWK Set has no decryption key: add a private or symmetric JWK with use "enc"');
  return parsed;
}
