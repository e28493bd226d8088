import { inContext } from '../base/in-context.js';
import { readPrivateFile } from '../base/read-private-file.js';
import type { DecryptionKey } from './decryption-key.js';
import type {
  DecryptionKeyLocation,
  DecryptionKeySource,
  DecryptionKeyText,
} from './decryption-key-location.js';
import { parseDecryptionJwk } from './parse-decryption-jwk.js';
import { parseDecryptionJwkSet } from './parse-decryption-jwk-set.js';
import type { DecryptionKeyDefaults } from './read-decryption-traits.js';
import { type KeyText, parseJsonObject, readVariableText } from './read-key-text.js';
import { readPrivatePem } from './read-private-pem.js';

/**
 * Read the keys of a location that never changes. Callers add the name of their function to error messages, with
 * `awaitInContext()`.
 *
 * @returns at least one key, in the order of the location.
 * @throws TypeError (as rejection) if a key is missing, public, weak or malformed, or a passphrase is missing or wrong.
 *   The message contains no key material.
 * @throws Error (as rejection) if a file cannot be read, or other users have access.
 */
export async function readDecryptionKeys(
  location: Exclude<DecryptionKeyLocation, DecryptionKeySource>,
): Promise<readonly DecryptionKey[]> {
  if ('jwk' in location) return [inContext('jwk', () => parseDecryptionJwk(location.jwk, location))];
  if ('jwks' in location) return inContext('jwks', () => parseDecryptionJwkSet(location.jwks, location));
  const { text, place } = await readText(location);
  return inContext(place, () => parseText(text, location));
}

async function readText(location: DecryptionKeyText): Promise<KeyText> {
  if ('pem' in location) return { text: location.pem, place: 'pem' };
  if ('env' in location) return readVariableText(location.env);
  return { text: (await readPrivateFile(location)).text.trim(), place: `key file ${location.file}` };
}

function parseText(
  text: string,
  location: DecryptionKeyText & DecryptionKeyDefaults,
): readonly DecryptionKey[] {
  const { passphrase } = location;
  if ('pem' in location || text.includes('-----BEGIN '))
    return [parseDecryptionJwk(readPrivatePem(text, passphrase), location)];
  if (!text.startsWith('{'))
    throw new TypeError('the text must be a JWK, a JWK Set or a PEM private key: export the key again');
  if (passphrase !== undefined)
    throw new TypeError('passphrase must not be set, because a JWK is not encrypted: remove it');
  const parsed = parseJsonObject(text);
  return Array.isArray(parsed['keys'])
    ? parseDecryptionJwkSet({ keys: parsed['keys'] }, location)
    : [parseDecryptionJwk(parsed, location)];
}
