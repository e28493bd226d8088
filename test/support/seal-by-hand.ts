import { type CipherGCMTypes, createCipheriv, createHmac, KeyObject } from 'node:crypto';
import type { ContentEncryptionAlgorithm } from '../../src/keys/jwe-algorithms.js';
import { unwrapKey } from '../../src/token/unwrap-key.js';
import { type CodecKey, readJwe } from './codec-cases.js';

/** Content that no library would write, under the right tag. */
export interface HandSealed {
  /** Encoded protected header. */
  readonly header: string;
  readonly plaintext: string | Uint8Array;
  /** Default: the right length, the same bytes in every token. */
  readonly iv?: Uint8Array;
  /** Padding of AES-CBC. Default: as in PKCS #7. */
  readonly padding?: Uint8Array;
}

/** Last three segments of a token: IV, ciphertext and tag. */
export function sealByHand(enc: ContentEncryptionAlgorithm, cek: Uint8Array, content: HandSealed): string {
  const parts = enc.includes('GCM') ? sealGcm(cek, content) : sealCbc(cek, content);
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
}

/** Encrypt other content, or under another header, with the content encryption key of a token. */
export function reseal(
  token: string,
  { key }: CodecKey,
  content: Omit<HandSealed, 'header'> & { readonly header?: string },
): string {
  const [header = '', encryptedKey = ''] = token.split('.');
  const jwe = readJwe(token, key);
  const contentKey = unwrapKey(jwe);
  const cek = contentKey instanceof KeyObject ? contentKey.export() : contentKey;
  const sealed = sealByHand(jwe.enc, cek, { header, ...content });
  return `${content.header ?? header}.${encryptedKey}.${sealed}`;
}

function sealGcm(cek: Uint8Array, { header, plaintext, iv = Buffer.alloc(12, 7) }: HandSealed) {
  const ciphers: Record<number, CipherGCMTypes> = { 16: 'aes-128-gcm', 24: 'aes-192-gcm', 32: 'aes-256-gcm' };
  const cipher = createCipheriv(ciphers[cek.length] ?? 'aes-256-gcm', cek, iv);
  cipher.setAAD(Buffer.from(header));
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(plaintext)), cipher.final()]);
  return [iv, ciphertext, cipher.getAuthTag()];
}

function sealCbc(cek: Uint8Array, { header, plaintext, iv = Buffer.alloc(16, 7), padding }: HandSealed) {
  const half = cek.length / 2;
  const cipher = createCipheriv(`aes-${half * 8}-cbc`, cek.subarray(half), iv).setAutoPadding(false);
  const text = Buffer.from(plaintext);
  const fill = 16 - (text.length % 16);
  const ciphertext = Buffer.concat([
    cipher.update(Buffer.concat([text, padding ?? Buffer.alloc(fill, fill)])),
    cipher.final(),
  ]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(Buffer.byteLength(header) * 8));
  const mac = createHmac(`sha${half * 16}`, cek.subarray(0, half));
  for (const part of [Buffer.from(header), iv, ciphertext, length]) mac.update(part);
  return [iv, ciphertext, mac.digest().subarray(0, half)];
}
