import { hash } from 'node:crypto';
import type { DecryptionKey } from '../keys/decryption-key.js';

const known = new WeakMap<DecryptionKey, string>();

/**
 * Return a digest of the key material. Two keys with the same material have the same fingerprint, under any `kid`.
 * Computed once per key, because comparing all pairs of keys would take quadratic time.
 */
export function fingerprintOf(key: DecryptionKey): string {
  const found = known.get(key);
  if (found !== undefined) return found;
  const bytes =
    key.type === 'secret' ? key.secret.export() : key.publicKey.export({ format: 'der', type: 'spki' });
  const fingerprint = `${key.type} ${hash('sha256', bytes, 'base64url')}`;
  known.set(key, fingerprint);
  return fingerprint;
}
