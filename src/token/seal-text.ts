import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { DirectKey } from '../keys/content-key.js';
import { IV_BYTES, openContent, sealContent, TAG_BYTES } from './aes-gcm.js';

const KEY_BYTES = 32;
const LABEL = 'passport-jwe/v1 sealed';
const KEY_LABEL = 'passport-jwe/v1 sealing';
const ADDITIONAL_DATA = Buffer.from(LABEL);

/** The two secrets that encrypt a string. Decryption needs both. */
export interface SealingSecrets {
  /** A token of this issuer. Its random `jti` and its tag make it unpredictable. */
  readonly token: string;
  /** A key that never leaves the issuer. */
  readonly key: KeyObject;
}

/** Encrypts a string so that only a holder of both secrets can decrypt it. */
export function sealText(text: string, secrets: SealingSecrets): string {
  const { iv, ciphertext, tag } = sealContent(text, ADDITIONAL_DATA, contentKeyOf(secrets));
  return Buffer.concat([iv, tag, ciphertext]).toString('base64url');
}

/** Decrypts a string. @throws Error of `node:crypto` if it was encrypted with other secrets. */
export function openText(sealed: string, secrets: SealingSecrets): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const ciphertext = bytes.subarray(IV_BYTES + TAG_BYTES);
  return openContent({ iv, ciphertext, tag }, ADDITIONAL_DATA, contentKeyOf(secrets)).toString('utf8');
}

/** HKDF-SHA-256 (RFC 5869): the token is the input keying material, and the salt is derived from the key. */
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
