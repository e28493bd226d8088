import { createCipheriv } from 'node:crypto';
import type { Jwk } from '../../src/keys/jwk.js';

/** A `dir` token with A256GCM and any header text, which no library would write. */
export function sealRaw(header: string, content: string, { k }: Jwk): string {
  const encoded = Buffer.from(header).toString('base64url');
  const iv = Buffer.alloc(12, 'iv');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(String(k), 'base64url'), iv);
  cipher.setAAD(Buffer.from(encoded));
  const ciphertext = Buffer.concat([cipher.update(content, 'utf8'), cipher.final()]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'));
  return [encoded, '', ...parts].join('.');
}
