import type { JsonObject } from '../base/json.js';
import type { ContentKey, DirectKey } from '../keys/content-key.js';
import { sealContent } from './aes-gcm.js';
import { appendProof } from './proof-of-issuance.js';
import { assertAdditionalMembers, parseProtectedHeader } from './protected-header.js';

export interface EncryptOptions {
  /** Media type of the token (RFC 7519 §5.1, RFC 8725 §3.11). */
  readonly typ: string;
  /** Additional members of the protected header, which is not encrypted. Default: none. */
  readonly header?: JsonObject;
}

/**
 * Encrypts a claims set as a JWE in compact serialization (RFC 7516 §5.1) with direct encryption (RFC 7518 §4.5).
 * `sealToken` also supports the other algorithms. Under a key derived from a root key, the claims get a proof of issuance.
 *
 * @throws TypeError if the key only decrypts or is not for direct encryption, a protected header member is reserved, or
 *   the protected header would be rejected when the token is read.
 */
export function encryptToken(claims: object, key: ContentKey, options: EncryptOptions): string {
  if (!key.encrypts) throw new TypeError('This key only decrypts');
  if (key.alg !== 'dir') throw new TypeError('This key is not for direct encryption');
  const { encoded, additionalData } = encodeHeader(key, options);
  const { iv, ciphertext, tag } = sealContent(writeClaims(claims, key, options), additionalData, key);
  return `${encoded}..${iv.toString('base64url')}.${ciphertext.toString('base64url')}.${tag.toString('base64url')}`;
}

function writeClaims(claims: object, { kid, provenance }: DirectKey, { typ }: EncryptOptions): string {
  const text = JSON.stringify(claims);
  return provenance === undefined ? text : appendProof(text, { typ, kid }, provenance);
}

interface EncodedHeader {
  readonly encoded: string;
  /** Additional authenticated data of AES-GCM (RFC 7516 §5.1 step 14). */
  readonly additionalData: Buffer;
}

/** Encoded headers without additional members, by key and `typ`. There are two types. */
const plainHeaders = new WeakMap<DirectKey, Map<string, EncodedHeader>>();

function encodeHeader(key: DirectKey, { typ, header }: EncryptOptions): EncodedHeader {
  if (header !== undefined && Object.keys(header).length > 0) return writeHeader(key, typ, header);
  const known = plainHeaders.get(key) ?? new Map<string, EncodedHeader>();
  const written = known.get(typ) ?? writeHeader(key, typ, {});
  plainHeaders.set(key, known.set(typ, written));
  return written;
}

/** @throws TypeError if a member is reserved, or the header would be rejected when the token is read. */
function writeHeader(key: DirectKey, typ: string, header: JsonObject): EncodedHeader {
  assertAdditionalMembers(header);
  const bytes = Buffer.from(JSON.stringify({ alg: key.alg, enc: key.enc, kid: key.kid, typ, ...header }));
  assertReadable(bytes);
  const encoded = bytes.toString('base64url');
  return { encoded, additionalData: Buffer.from(encoded) };
}

/** @throws TypeError if `parseProtectedHeader` rejects the header. */
export function assertReadable(headerBytes: Buffer): void {
  try {
    parseProtectedHeader(headerBytes);
  } catch (cause) {
    throw new TypeError(
      'The protected header would be rejected when the token is read: check the option header',
      { cause },
    );
  }
}
