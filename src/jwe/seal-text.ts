import { createSecretKey, hkdfSync } from 'node:crypto';
import type { DirectKey } from '../keys/content-key.js';
import { IV_BYTES, openContent, sealContent, TAG_BYTES } from './aes-gcm.js';

const KEY_BYTES = 32;
const LABEL = 'passport-jwe/v1 sealed';
const ADDITIONAL_DATA = Buffer.from(LABEL);

/** Seals a text so that only who has the other text can open it. */
export function sealText(text: string, secret: string): string {
  const { iv, ciphertext, tag } = sealContent(text, ADDITIONAL_DATA, keyOf(secret));
  return Buffer.concat([iv, tag, ciphertext]).toString('base64url');
}

/** @throws Error of node:crypto where it was sealed under another text. */
export function openText(sealed: string, secret: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const ciphertext = bytes.subarray(IV_BYTES + TAG_BYTES);
  return openContent({ iv, ciphertext, tag }, ADDITIONAL_DATA, keyOf(secret)).toString('utf8');
}

/** HKDF-SHA-256 (RFC 5869). The secret is one of ours: a token, with a random `jti` and a tag in it. */
function keyOf(secret: string): DirectKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), LABEL, KEY_BYTES));
  return {
    kid: '',
    alg: 'dir',
    enc: 'A256GCM',
    purpose: 'refresh',
    encrypts: true,
    secret: createSecretKey(bytes),
  };
}
