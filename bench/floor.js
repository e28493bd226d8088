import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const TAG = { authTagLength: 16 };

/**
 * The minimum that decrypts a token of the fixture: five calls of node:crypto, one JSON.parse, and no check except the
 * tag. Strings instead of buffers, or raw bytes instead of a KeyObject, make no difference.
 * @param {string} token
 * @param {import('node:crypto').KeyObject} key
 */
export function openToken(token, key) {
  const [header, , iv, ciphertext, tag] = token.split('.');
  const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), TAG);
  decipher.setAAD(Buffer.from(header, 'latin1'));
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  const plaintext = decipher.update(Buffer.from(ciphertext, 'base64url'));
  decipher.final();
  return JSON.parse(plaintext.toString());
}

/**
 * The minimum that encrypts such a token.
 * @param {object} claims
 * @param {string} encodedHeader
 * @param {import('node:crypto').KeyObject} key
 */
export function sealToken(claims, encodedHeader, key) {
  const iv = randomBytes(12);
  const cipher = createCipheriv(CIPHER, key, iv, TAG);
  cipher.setAAD(Buffer.from(encodedHeader, 'latin1'));
  const ciphertext = cipher.update(JSON.stringify(claims), 'utf8', 'base64url') + cipher.final('base64url');
  const tag = cipher.getAuthTag().toString('base64url');
  return `${encodedHeader}..${iv.toString('base64url')}.${ciphertext}.${tag}`;
}
