import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ContentEncryption, DirectKey } from '../keys/content-key.js';

/** A 96-bit IV and a 128-bit tag. Other lengths are not allowed (RFC 7518 §5.3). */
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

const TAG_OPTIONS = { authTagLength: TAG_BYTES };

const CIPHERS: Record<ContentEncryption, CipherGCMTypes> = {
  A128GCM: 'aes-128-gcm',
  A192GCM: 'aes-192-gcm',
  A256GCM: 'aes-256-gcm',
};

/** Result of AES-GCM encryption. */
export interface SealedContent {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Number of IVs that are generated at once. Single IVs take 2 µs each, a fifth of encrypting a token (Node 20). */
const IVS_DRAWN = 256;

let ivs = Buffer.alloc(0);
let drawn = 0;

/** Returns a random IV that is used only once. Each batch has its own buffer, so that no IV is overwritten. */
function drawIv(): Buffer {
  if (drawn === ivs.length) [ivs, drawn] = [randomBytes(IVS_DRAWN * IV_BYTES), 0];
  drawn += IV_BYTES;
  return ivs.subarray(drawn - IV_BYTES, drawn);
}

/**
 * Encrypts under a fresh random IV, with synchronous `node:crypto`: WebCrypto is 7 to 14 times slower for a token of 950
 * bytes.
 *
 * @param additionalData the encoded protected header (RFC 7516 §5.1 step 14).
 */
export function sealContent(plaintext: string, additionalData: Uint8Array, key: DirectKey): SealedContent {
  const iv = drawIv();
  const cipher = createCipheriv(CIPHERS[key.enc], key.secret, iv, TAG_OPTIONS);
  cipher.setAAD(additionalData);
  const ciphertext = cipher.update(plaintext, 'utf8');
  // GCM is a stream mode, so final() returns no data.
  cipher.final();
  return { iv, ciphertext, tag: cipher.getAuthTag() };
}

/**
 * Decrypts and verifies the tag. The plaintext is returned only if the tag verifies.
 *
 * @throws Error of `node:crypto` if the tag does not verify.
 */
export function openContent(sealed: SealedContent, additionalData: Uint8Array, key: DirectKey): Buffer {
  const decipher = createDecipheriv(CIPHERS[key.enc], key.secret, sealed.iv, TAG_OPTIONS);
  decipher.setAAD(additionalData);
  decipher.setAuthTag(sealed.tag);
  const plaintext = decipher.update(sealed.ciphertext);
  decipher.final();
  return plaintext;
}
