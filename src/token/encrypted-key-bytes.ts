import type { KeyObject } from 'node:crypto';
import {
  CONTENT_KEY_BYTES,
  type ContentEncryptionAlgorithm,
  type KeyManagementAlgorithm,
} from '../keys/jwe-algorithms.js';

/** Key management algorithm of a token. Only home tokens use `A256GCMKW`. */
export type TokenKeyManagement = KeyManagementAlgorithm | 'A256GCMKW';

/** Overhead of AES key wrap in bytes (RFC 3394 §2.2.1). */
const KEY_WRAP_BYTES = 8;

/**
 * Return the only valid length of the encrypted key in a token, in bytes. It depends on nothing secret.
 *
 * @param rsaKey either half of the RSA key pair. Required only for the RSA algorithms.
 * @see RFC 7516 §5.1
 */
export function encryptedKeyBytes(
  alg: TokenKeyManagement,
  enc: ContentEncryptionAlgorithm,
  rsaKey: KeyObject | undefined,
): number {
  switch (alg) {
    case 'dir':
    case 'ECDH-ES':
      return 0;
    case 'RSA-OAEP':
    case 'RSA-OAEP-256':
    case 'RSA-OAEP-384':
    case 'RSA-OAEP-512':
      return Math.ceil((rsaKey?.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
    case 'A256GCMKW':
      return CONTENT_KEY_BYTES[enc];
    default:
      return CONTENT_KEY_BYTES[enc] + KEY_WRAP_BYTES;
  }
}
