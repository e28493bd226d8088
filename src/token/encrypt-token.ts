import type { JsonObject } from '../base/json.js';
import type { ContentKey, DirectKey } from '../keys/content-key.js';
import { sealContent } from './aes-gcm.js';
import { appendProof } from './proof-of-issuance.js';
import { assertAdditionalMembers, parseProtectedHeader } from './protected-header.js';

/** Protected header of a token to encrypt. */
export interface EncryptOptions {
  /** Media type of the token (RFC 7519 §5.1, RFC 8725 §3.11). */
  readonly typ: string;
  /** Additional members of the protected header, which is not encrypted. Default: none. */
  readonly header?: JsonObject;
}

/**
 * Encrypt a claims set as a JWE in compact serialization (RFC 7516 §5.1) with direct encryption (RFC 7518 §4.5). Adds
 * a proof of issuance if the key is derived from a root key. `sealToken` supports the other algorithms too.
 *
 * @throws TypeError if the key cannot encrypt, or is not for direct encryption.
 * @throws TypeError if a protected header member is reserved, or verifiers would reject the protected header.
 */
export function encryptToken(claims: object, key: ContentKey, options: EncryptOptions): string {
  if (!key.encrypts)
    throw new TypeError('issue: the key can only decrypt: use a key whose key_ops allow encryption');
  if (key.alg !== 'dir')
    throw new TypeError('issue: the key is not for direct encryption: use a key whose alg is "dir"');
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

/** Cache of encoded headers without additional members, by key and `typ`. There are only two `typ` values. */
const plainHeaders = new WeakMap<DirectKey, Map<string, EncodedHeader>>();

function encodeHeader(key: DirectKey, { typ, header }: EncryptOptions): EncodedHeader {
  if (header !== undefined && Object.keys(header).length > 0) return writeHeader(key, typ, header);
  const known = plainHeaders.get(key) ?? new Map<string, EncodedHeader>();
  const written = known.get(typ) ?? writeHeader(key, typ, {});
  plainHeaders.set(key, known.set(typ, written));
  return written;
}

/** Encode a protected header. @throws TypeError if a member is reserved, or verifiers would reject the header. */
function writeHeader(key: DirectKey, typ: string, header: JsonObject): EncodedHeader {
  assertAdditionalMembers(header);
  const bytes = Buffer.from(JSON.stringify({ alg: key.alg, enc: key.enc, kid: key.kid, typ, ...header }));
  assertReadable(bytes);
  const encoded = bytes.toString('base64url');
  return { encoded, additionalData: Buffer.from(encoded) };
}

/** Assert that verifiers accept a protected header. @throws TypeError if `parseProtectedHeader` rejects the header. */
export function assertReadable(headerBytes: Buffer): void {
  try {
    parseProtectedHeader(headerBytes);
  } catch (cause) {
    throw new TypeError(
      'issue: verifiers would reject the protected header: correct or shorten the option header',
      {
        cause,
      },
    );
  }
}
