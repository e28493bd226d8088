import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { ContentEncryption } from '../keys/content-key.js';
import type { ContentEncryptionAlgorithm } from '../keys/jwe-algorithms.js';
import type { SealedContent } from './aes-gcm.js';

/** Content encryption algorithm with AES-CBC and HMAC. */
export type CbcEncryption = Exclude<ContentEncryptionAlgorithm, ContentEncryption>;

/** IV length in bytes: one block of AES-CBC. */
export const CBC_IV_BYTES = 16;

/** Ciphers, hashes and lengths in bytes (RFC 7518 §5.2.3 to §5.2.5). The MAC key is as long as the tag. */
export const CBC_SUITES = {
  'A128CBC-HS256': { cipher: 'aes-128-cbc', hash: 'sha256', tagBytes: 16 },
  'A192CBC-HS384': { cipher: 'aes-192-cbc', hash: 'sha384', tagBytes: 24 },
  'A256CBC-HS512': { cipher: 'aes-256-cbc', hash: 'sha512', tagBytes: 32 },
} as const satisfies Record<CbcEncryption, object>;

/**
 * Decrypt with AES-CBC and HMAC. The MAC is checked before decryption, so the padding of an altered ciphertext is never
 * examined.
 *
 * @param contentKey the MAC key, followed by the encryption key.
 * @throws Error if the MAC, the padding or a length is invalid.
 * @see RFC 7518 §5.2.2.2
 */
export function openAesCbcHmac(
  enc: CbcEncryption,
  { iv, ciphertext, tag }: SealedContent,
  additionalData: Uint8Array,
  contentKey: Uint8Array,
): Buffer {
  const { cipher, hash, tagBytes } = CBC_SUITES[enc];
  if (contentKey.length !== 2 * tagBytes)
    throw new RangeError('the content encryption key has the wrong length');
  const mac = createHmac(hash, contentKey.subarray(0, tagBytes))
    .update(Buffer.concat([additionalData, iv, ciphertext, bitLengthOf(additionalData)]))
    .digest();
  // Throws if the tag has another length.
  if (!timingSafeEqual(mac.subarray(0, tagBytes), tag)) throw new Error('the MAC is not valid');
  const decipher = createDecipheriv(cipher, contentKey.subarray(tagBytes), iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** Encode the length of the additional data in bits, as 64-bit integer (RFC 7518 §5.2.2.1 step 4). */
function bitLengthOf(additionalData: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(additionalData.length * 8, 4);
  return bytes;
}
