import { awaitInContext } from '../base/in-context.js';
import { readPrivateFile } from '../base/read-private-file.js';
import type { JwkLocation } from './read-key-text.js';
import { readSignatureKeys } from './read-signature-keys.js';
import { parseSigningKey, type SigningKey } from './signature-key.js';

/**
 * Read the private key of an issuer, which signs tokens that are encrypted to public keys.
 *
 * @throws TypeError (as rejection) if the key is missing, malformed, weak or public, its `alg` is not EdDSA, ES256,
 *   PS256 or RS256, or there are several keys.
 * @throws Error (as rejection) if the file cannot be read, or other users can read or write it.
 * @example
 * const signing = await createSigningKey({ file: 'signing.jwk' });
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys, signing }));
 */
export async function createSigningKey(location: JwkLocation): Promise<SigningKey> {
  return awaitInContext('createSigningKey', async () => {
    if (typeof location === 'object' && location !== null && 'file' in location)
      await readPrivateFile(location);
    const [key, ...others] = await readSignatureKeys(location, parseSigningKey);
    if (others.length > 0)
      throw new TypeError('the JWK Set must have exactly one signing key: remove the others');
    return key;
  });
}
