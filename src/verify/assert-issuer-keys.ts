import type { KeyObject } from 'node:crypto';
import type { DecryptionKey } from '../keys/decryption-key.js';
import type { IssuerTerms } from './issuer-terms.js';

/**
 * Assert that each symmetric key belongs to one issuer, and that a `kid` names one key of its type.
 *
 * @param where function that takes the option `trustedIssuers`, for the error messages
 * @throws TypeError if two issuers share a symmetric key, or different keys share a `kid`
 */
export function assertIssuerKeys(terms: readonly IssuerTerms[], where: string): void {
  const secrets: KeyObject[] = [];
  const byName = new Map<string, DecryptionKey>();
  for (const [index, { decryption }] of terms.entries()) {
    const place = `${where}: trustedIssuers[${index}].decryption`;
    for (const key of decryption.keys) {
      if (key.type === 'secret' && secrets.some((secret) => secret.equals(key.secret))) {
        throw new TypeError(
          `${place} has the symmetric key of another issuer: use a separate key for each issuer`,
        );
      }
      const name = `${key.type} ${key.kid}`;
      const other = byName.get(name);
      if (other !== undefined && !isSameKey(other, key)) {
        throw new TypeError(
          `${place} has a different key with the kid ${key.kid}: give each key a different kid`,
        );
      }
      byName.set(name, key);
    }
    secrets.push(...decryption.keys.flatMap((key) => (key.type === 'secret' ? [key.secret] : [])));
  }
}

/** Whether two keys have the same key material. */
export function isSameKey(one: DecryptionKey, other: DecryptionKey): boolean {
  if (one === other) return true;
  if (one.type === 'secret' || other.type === 'secret') {
    return one.type === 'secret' && other.type === 'secret' && one.secret.equals(other.secret);
  }
  return one.publicKey.equals(other.publicKey);
}
