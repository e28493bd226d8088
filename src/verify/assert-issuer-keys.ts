import type { DecryptionKey } from '../keys/decryption-key.js';
import type { IssuerTerms } from './issuer-terms.js';
import { fingerprintOf } from './key-fingerprint.js';

/**
 * Assert that each symmetric key belongs to one issuer, and that a `kid` names one key of its type.
 *
 * @param where function that takes the option `trustedIssuers`, for the error messages
 * @throws TypeError if two issuers share a symmetric key, or different keys share a `kid`
 */
export function assertIssuerKeys(terms: readonly IssuerTerms[], where: string): void {
  const secrets = new Set<string>();
  const byName = new Map<string, DecryptionKey>();
  for (const [index, { decryption }] of terms.entries()) {
    const place = `${where}: trustedIssuers[${index}].decryption`;
    for (const key of decryption.keys) {
      if (secrets.has(fingerprintOf(key))) {
        throw new TypeError(
          `${place} has the symmetric key of another issuer: use a separate key for each issuer`,
        );
      }
      const name = `${key.type} ${key.kid}`;
      const other = byName.get(name);
      if (other !== undefined && fingerprintOf(other) !== fingerprintOf(key)) {
        throw new TypeError(
          `${place} has a different key with the kid ${key.kid}: give each key a different kid`,
        );
      }
      byName.set(name, key);
    }
    for (const key of decryption.keys) if (key.type === 'secret') secrets.add(fingerprintOf(key));
  }
}
