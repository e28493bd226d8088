import { createHash, createSecretKey, hkdfSync } from 'node:crypto';
import type { DecryptionKey } from './decryption-key.js';
import type { DecryptionKeys } from './decryption-keys.js';
import { keepDecryptionKeys } from './decryption-keys-internals.js';
import { CONTENT_KEY_BYTES } from './jwe-algorithms.js';

/** Derivation of a major version of Auth.js. */
interface Derivation {
  readonly enc: 'A256CBC-HS512' | 'A256GCM';
  readonly salt: string;
  readonly info: string;
}

/**
 * Derive the keys of the sessions of Auth.js 5, or of NextAuth 4, with HKDF and SHA-256 (RFC 5869).
 *
 * @param secrets secrets of the application, the current one first
 * @param cookieName name of the session cookie, which is part of the keys of Auth.js 5
 * @throws TypeError if two secrets are equal
 */
export function deriveAuthJsKeys(
  secrets: readonly string[],
  cookieName: string,
  version: 4 | 5,
): DecryptionKeys {
  const derivation: Derivation =
    version === 5
      ? { enc: 'A256CBC-HS512', salt: cookieName, info: `Auth.js Generated Encryption Key (${cookieName})` }
      : { enc: 'A256GCM', salt: '', info: 'NextAuth.js Generated Encryption Key' };
  return keepDecryptionKeys(secrets.map((secret) => deriveKey(secret, derivation)));
}

function deriveKey(secret: string, { enc, salt, info }: Derivation): DecryptionKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, info, CONTENT_KEY_BYTES[enc]));
  return Object.freeze({
    type: 'secret',
    kid: nameOf(bytes),
    alg: 'dir',
    enc,
    secret: createSecretKey(bytes),
  });
}

/** SHA-512 thumbprint of the key, the `kid` of Auth.js 5. @see RFC 7638 §3 */
function nameOf(bytes: Buffer): string {
  const jwk = { k: bytes.toString('base64url'), kty: 'oct' };
  return createHash('sha512').update(JSON.stringify(jwk)).digest('base64url');
}
