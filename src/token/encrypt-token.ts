import type { JsonObject } from '../base/json.js';
import type { ContentKey, DirectKey } from '../keys/content-key.js';
import { sealContent } from './aes-gcm.js';
import { appendProof } from './proof-of-issuance.js';
import { assertAdditionalMembers, parseProtectedHeader } from './protected-header.js';

export interface EncryptOptions {
  /** Media type of the token (RFC 7519 section 5.1, RFC 8725 section 3.11). */
  readonly typ: string;
  /** More members for the protected header; everybody can read them. Default: none. */
  readonly header?: JsonObject;
}

/**
 * Encrypts a claims set as a JWE in compact serialization (RFC 7516 section 5.1) with direct encryption
 * (RFC 7518 section 4.5); `sealToken` takes keys for other algorithms too. Under a key that was derived from a root, the
 * claims carry a proof of issuance.
 * @throws TypeError for a protected header member that is reserved, a header that no reader would accept, or a
 *   key that only decrypts or is not for direct encryption.
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
  /** What AES-GCM authenticates beside the content (RFC 7516 section 5.1 step 14). */
  readonly additionalData: Buffer;
}

/** Headers with nothing but what a key and a `typ` make of them, by these; there are two types. */
const plainHeaders = new WeakMap<DirectKey, Map<string, EncodedHeader>>();

function encodeHeader(key: DirectKey, { typ, header }: EncryptOptions): EncodedHeader {
  if (header !== undefined && Object.keys(header).length > 0) return writeHeader(key, typ, header);
  const known = plainHeaders.get(key) ?? new Map<string, EncodedHeader>();
  const written = known.get(typ) ?? writeHeader(key, typ, {});
  plainHeaders.set(key, known.set(typ, written));
  return written;
}

/** @throws TypeError for a member that is reserved, or a header that no reader would accept. */
function writeHeader(key: DirectKey, typ: string, header: JsonObject): EncodedHeader {
  assertAdditionalMembers(header);
  const bytes = Buffer.from(JSON.stringify({ alg: key.alg, enc: key.enc, kid: key.kid, typ, ...header }));
  assertReadable(bytes);
  const encoded = bytes.toString('base64url');
  return { encoded, additionalData: Buffer.from(encoded) };
}

/** @throws TypeError for a protected header that `parseProtectedHeader` would refuse. */
export function assertReadable(headerBytes: Buffer): void {
  try {
    parseProtectedHeader(headerBytes);
  } catch (cause) {
    throw new TypeError('No reader would accept this protected header', { cause });
  }
}
