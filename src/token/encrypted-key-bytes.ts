import { type ContentKey, KEY_LENGTHS } from '../keys/content-key.js';

/** What AES key wrap adds (RFC 3394 section 2.2.1). */
const KEY_WRAP_BYTES = 8;

/** Length of the encrypted key in every token under a key; it is empty where there is none (RFC 7516 section 5.1). */
export function encryptedKeyBytes(key: ContentKey): number {
  switch (key.alg) {
    case 'dir':
    case 'ECDH-ES':
      return 0;
    case 'RSA-OAEP-256':
      return Math.ceil((key.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
    case 'A256GCMKW':
      return KEY_LENGTHS[key.enc];
    case 'A256KW':
    case 'ECDH-ES+A256KW':
      return KEY_LENGTHS[key.enc] + KEY_WRAP_BYTES;
  }
}
