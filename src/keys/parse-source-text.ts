import type { JwkSet } from './jwk.js';
import { parseDecryptionJwkSet } from './parse-decryption-jwk-set.js';
import { parseKeyText, toJwkSet } from './read-key-spec.js';

/**
 * Parse the content of a key source: keys of a key ring, or decryption keys of a trusted issuer.
 *
 * @param where the name of the location, for error messages.
 * @throws TypeError with the fault as keys of a key ring, if the content is neither.
 */
export function parseSourceText(text: string, where: string): JwkSet {
  try {
    return parseKeyText(text, where);
  } catch (failure) {
    const jwks = findDecryptionKeys(text);
    if (jwks === undefined) throw failure;
    return jwks;
  }
}

function findDecryptionKeys(text: string): JwkSet | undefined {
  try {
    const jwks = toJwkSet(text.trim());
    parseDecryptionJwkSet(jwks);
    return jwks;
  } catch {
    return undefined;
  }
}
