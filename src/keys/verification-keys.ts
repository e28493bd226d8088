import { awaitInContext } from '../base/in-context.js';
import { findOnlyKey } from './find-only-key.js';
import type { JwkSet } from './jwk.js';
import { toVerificationJwk } from './public-jwk.js';
import type { JwkLocation } from './read-key-text.js';
import { readSignatureKeys } from './read-signature-keys.js';
import { parseVerificationKey, type VerificationKey } from './signature-key.js';

/** Verification keys of one issuer. */
export interface VerificationKeys {
  /**
   * Find a key by `kid`. Return `undefined` if the issuer has no key with this `kid`.
   *
   * Without `kid`, find the only key for `alg`. Return `undefined` if the issuer has none or several.
   *
   * @param kid key ID in the header of the JWS. Absent if the header has none (RFC 7515 §4.1.4).
   * @param alg signature algorithm in the header of the JWS. It does not restrict the search by `kid`.
   * @throws TemporarilyUnavailableError (as rejection) if the keys of the issuer are unavailable.
   */
  find(
    kid: string | undefined,
    alg: string,
  ): VerificationKey | undefined | Promise<VerificationKey | undefined>;
  /** Export all loaded keys as a JWK Set, for publication. */
  exportPublicKeys(): JwkSet;
}

/**
 * Read the public keys of an issuer. Encryption keys in a JWK Set are ignored.
 *
 * @throws TypeError (as rejection) if a key is missing, malformed, weak or private, its `alg` is not a
 *   `VerificationAlgorithm`, or two keys share a `kid`.
 * @throws Error (as rejection) if a file cannot be read.
 * @example
 * const keys = await createVerificationKeys({ file: 'issuer.jwks.json' });
 * app.use(authenticate({ keyRing, issuer, audience, verification: { [issuer]: keys } }));
 */
export async function createVerificationKeys(location: JwkLocation): Promise<VerificationKeys> {
  return awaitInContext('createVerificationKeys', async () =>
    keepVerificationKeys(await readSignatureKeys(location, parseVerificationKey)),
  );
}

/**
 * Create verification keys from parsed keys.
 *
 * @throws TypeError if two keys share a `kid`.
 */
export function keepVerificationKeys(keys: readonly VerificationKey[]): VerificationKeys {
  const byKid = new Map(keys.map((key) => [key.kid, key]));
  if (byKid.size < keys.length)
    throw new TypeError('two keys have the same kid: remove one, or give one a different kid');
  return Object.freeze({
    find: (kid: string | undefined, alg: string) =>
      kid === undefined ? findOnlyKey(keys, alg) : byKid.get(kid),
    exportPublicKeys: () => ({ keys: keys.map(toVerificationJwk) }),
  });
}
