import type { JsonObject } from '../claims/json.js';
import type { ContentKey } from '../keys/content-key.js';
import { sealContent } from './aes-gcm.js';
import { assertAdditionalMembers, parseProtectedHeader } from './protected-header.js';

export interface EncryptOptions {
  /** Media type of the token (RFC 7519 section 5.1, RFC 8725 section 3.11). */
  readonly typ: string;
  /** More members for the protected header; everybody can read them. Default: none. */
  readonly header?: JsonObject;
}

/**
 * Encrypts a claims set as a JWE in compact serialization (RFC 7516 section 5.1) with direct encryption
 * (RFC 7518 section 4.5); `sealToken` takes keys for other algorithms too.
 * @throws TypeError for a protected header member that is reserved, a header that no reader would accept, or a
 *   key that only decrypts or is not for direct encryption.
 */
export function encryptToken(claims: object, key: ContentKey, options: EncryptOptions): string {
  const { typ, header = {} } = options;
  if (!key.encrypts) throw new TypeError('This key only decrypts');
  if (key.alg !== 'dir') throw new TypeError('This key is not for direct encryption');
  assertAdditionalMembers(header);
  const members = { alg: key.alg, enc: key.enc, kid: key.kid, typ, ...header };
  const headerBytes = Buffer.from(JSON.stringify(members));
  assertReadable(headerBytes);
  const encodedHeader = headerBytes.toString('base64url');
  const { iv, ciphertext, tag } = sealContent(JSON.stringify(claims), Buffer.from(encodedHeader), key);
  return `${encodedHeader}..${encode(iv)}.${encode(ciphertext)}.${encode(tag)}`;
}

/** @throws TypeError for a protected header that `parseProtectedHeader` would refuse. */
export function assertReadable(headerBytes: Buffer): void {
  try {
    parseProtectedHeader(headerBytes);
  } catch (cause) {
    throw new TypeError('No reader would accept this protected header', { cause });
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}
