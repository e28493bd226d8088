import type { JwkSet } from './jwk.js';
import { toVerificationJwk } from './public-jwk.js';
import type { JwkLocation } from './read-key-text.js';
import { readSignatureKeys } from './read-signature-keys.js';
import { parseVerificationKey, type VerificationKey } from './signature-key.js';

/** The keys of one issuer, by which its signatures are verified. */
export interface VerificationKeys {
  /**
   * The key of that name; none where it is not one of the issuer.
   * @throws TemporarilyUnavailableError (as rejection) where that cannot be known at the moment.
   */
  find(kid: string): VerificationKey | undefined | Promise<VerificationKey | undefined>;
  /** All of them as far as they are known, for publication. */
  exportPublicKeys(): JwkSet;
}

/**
 * Reads the public keys of an issuer. Of a JWK Set those for encryption are left out.
 * @throws TypeError (as rejection) for a key that is missing, malformed, weak, private or under an algorithm other
 *   than EdDSA, ES256, PS256 and RS256, or for two keys of one `kid`; what the file system says of a file.
 */
export async function createVerificationKeys(location: JwkLocation): Promise<VerificationKeys> {
  return keepVerificationKeys(await readSignatureKeys(location, parseVerificationKey));
}

/** @throws TypeError for two keys of one `kid`. */
export function keepVerificationKeys(keys: readonly VerificationKey[]): VerificationKeys {
  const byKid = new Map(keys.map((key) => [key.kid, key]));
  if (byKid.size < keys.length) throw new TypeError('Two verification keys have the same kid');
  return Object.freeze({
    find: (kid: string) => byKid.get(kid),
    exportPublicKeys: () => ({ keys: keys.map(toVerificationJwk) }),
  });
}
