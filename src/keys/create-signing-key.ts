import { readPrivateFile } from '../base/read-private-file.js';
import type { JwkLocation } from './read-key-text.js';
import { readSignatureKeys } from './read-signature-keys.js';
import { parseSigningKey, type SigningKey } from './signature-key.js';

/**
 * Reads the private key with which an issuer signs the tokens that it encrypts to public keys.
 *
 * @throws TypeError (as rejection) if the key is missing, malformed, weak or public, if its `alg` is not EdDSA, ES256,
 *   PS256 or RS256, or if there are several keys.
 * @throws Error (as rejection) if other users can read or write the file, or it cannot be read.
 * @example
 * const signing = await createSigningKey({ file: 'signing.jwk' });
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys, signing }));
 */
export async function createSigningKey(location: JwkLocation): Promise<SigningKey> {
  if ('file' in location) await readPrivateFile(location);
  const [key, ...others] = await readSignatureKeys(location, parseSigningKey);
  if (others.length > 0) throw new TypeError('createSigningKey: pass one key, not a JWK Set with several');
  return key;
}
