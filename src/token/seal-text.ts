import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { DirectKey } from '../keys/content-key.js';
import { IV_BYTES, openAesGcm, sealContent, TAG_BYTES } from './aes-gcm.js';

const KEY_BYTES = 32;
const LABEL = 'passport-jwe/v1 sealed';
const KEY_LABEL = 'passport-jwe/v1 sealing';
const ADDITIONAL_DATA = Buffer.from(LABEL);

/** Pair of secrets that encrypts a string. Decryption requires both. */
export interface SealingSecrets {
  /** Token from this issuer. The random `jti` and the tag make the token unpredictable. */
  readonly token: string;
  /** Key that is never exported from the issuer. */
  readonly key: KeyObject;
}

/** Encrypt a string under both secrets with AES-GCM. @returns the IV, tag and ciphertext in base64url. */
export function sealText(text: string, secrets: SealingSecrets): string {
  const { iv, ciphertext, tag } = sealContent(text, ADDITIONAL_DATA, contentKeyOf(secrets));
  return Buffer.concat([iv, tag, ciphertext]).toString('base64url');
}

/** Decrypt a string from `sealText`. @throws Error from `node:crypto` if a secret is wrong. */
export function openText(sealed: string, secrets: SealingSecrets): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const ciphertext = bytes.subarray(IV_BYTES + TAG_BYTES);
  const { enc, secret } = contentKeyOf(secrets);
  return openAesGcm(enc, { iv, ciphertext, tag }, ADDITIONAL_DATA, secret).toString('utf8');
}

/** Derive a content key with HKDF-SHA-256 (RFC 5869). The token is the keying material, and `key` yields the salt. */
function contentKeyOf({ token, key }: SealingSecrets): DirectKey {
  const salt = hkdf(key, Buffer.alloc(0), KEY_LABEL);
  return {
    kid: '',
    alg: 'dir',
    enc: 'A256GCM',
    purpose: 'refresh',
    encrypts: true,
    secret: createSecretKey(hkdf(token, salt, LABEL)),
  };
}

function hkdf(material: string | KeyObject, salt: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', material, salt, label, KEY_BYTES));
}
