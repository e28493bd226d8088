import { readPrivateFile } from '../base/read-private-file.js';
import type { JwkLocation } from './read-key-text.js';
import { readSignatureKeys } from './read-signature-keys.js';
import { parseSigningKey, type SigningKey } from './signature-key.js';

/**
 * Reads the private key by which an issuer signs the tokens that it encrypts to public keys.
 * @throws TypeError (as rejection) for a key that is missing, malformed, weak, public or under an algorithm other than
 *   EdDSA, ES256, PS256 and RS256, or for several keys.
 * @throws Error for a file that others can read or write, and what the file system says of it.
 */
export async function createSigningKey(location: JwkLocation): Promise<SigningKey> {
  if ('file' in location) await readPrivateFile(location);
  const [key, ...others] = await readSignatureKeys(location, parseSigningKey);
  if (others.length > 0) throw new TypeError('An issuer signs by one key: this is a set of several');
  return key;
}
