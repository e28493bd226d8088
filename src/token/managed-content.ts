import { InvalidTokenError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import type { AsymmetricKey, WrappingKey } from '../keys/content-key.js';
import { decryptJwe, type EncryptedContent } from './decrypt-jwe.js';
import { loadJose } from './load-jose.js';
import type { UnwrappingKey } from './unwrap-key.js';

/** Key that wraps or agrees on a content encryption key for each token. */
export type ManagedKey = WrappingKey | AsymmetricKey;

/** Decoded segments of a token, with its header. */
export type ManagedSegments = Pick<EncryptedContent, 'header' | 'encryptedKey' | 'sealed' | 'additionalData'>;

/**
 * Encrypt with jose, which adds the header parameters of the algorithm, such as `epk`.
 *
 * @returns a JWE in compact serialization.
 */
export async function sealManaged(plaintext: string, header: JsonObject, key: ManagedKey): Promise<string> {
  const { alg, enc } = key;
  const { CompactEncrypt } = await loadJose();
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ ...header, alg, enc })
    .encrypt('publicKey' in key ? key.publicKey : key.secret);
}

/**
 * Decrypt the segments of a token. The header must contain the `alg` and `enc` of the key.
 *
 * @throws InvalidTokenError if the private key is missing, a header parameter is malformed or decryption fails.
 */
export function openManaged(segments: ManagedSegments, key: ManagedKey): Buffer {
  return decryptJwe({ ...segments, alg: key.alg, enc: key.enc, key: toUnwrappingKey(key) });
}

function toUnwrappingKey(key: ManagedKey): UnwrappingKey {
  if (!('publicKey' in key)) return { type: 'secret', secret: key.secret };
  const { privateKey } = key;
  if (privateKey === undefined) throw new InvalidTokenError('encryption_only');
  return key.alg === 'RSA-OAEP-256'
    ? { type: 'RSA', privateKey }
    : { type: 'agreement', privateKey, curve: key.curve };
}
