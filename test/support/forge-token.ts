import { createCipheriv } from 'node:crypto';
import type { JsonObject } from '../../src/base/json.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import { direct } from './symmetric-key.js';
import { claimsOf } from './tokens.js';

/** What stands in a token that no codec of ours would write. */
export interface ForgedParts {
  /** The protected header as text or bytes; an object is merged into that of a proper token. */
  readonly header?: JsonObject | string | Uint8Array;
  /** The first part as it stands in the token, instead of `header`. */
  readonly encodedHeader?: string;
  /** The second part as it stands in the token; empty in a proper one. */
  readonly encryptedKey?: string;
  /** Default: 12 bytes, the same in every token. */
  readonly iv?: Uint8Array;
  /** Default: the claims set of `claimsOf()`. */
  readonly plaintext?: string | Uint8Array;
  /** Bytes of the tag: cut off, or filled up with zeros. Default 16. */
  readonly tagBytes?: number;
}

const CIPHERS = { A128GCM: 'aes-128-gcm', A192GCM: 'aes-192-gcm', A256GCM: 'aes-256-gcm' } as const;

/** A token with whatever faults are asked for, whose tag is the right one all the same. */
export function forgeToken(key: ContentKey, parts: ForgedParts = {}): string {
  const encodedHeader = parts.encodedHeader ?? encode(headerBytes(key, parts.header ?? {}));
  const iv = parts.iv ?? Buffer.alloc(12, 'iv');
  const cipher = createCipheriv(
    CIPHERS[key.enc],
    direct(key).secret,
    iv.length === 0 ? Buffer.alloc(12) : iv,
  );
  cipher.setAAD(Buffer.from(encodedHeader));
  const ciphertext = Buffer.concat([
    cipher.update(Buffer.from(parts.plaintext ?? JSON.stringify(claimsOf()))),
    cipher.final(),
  ]);
  const tag = Buffer.concat([cipher.getAuthTag(), Buffer.alloc(16)]).subarray(0, parts.tagBytes ?? 16);
  return [encodedHeader, parts.encryptedKey ?? '', encode(iv), encode(ciphertext), encode(tag)].join('.');
}

function headerBytes(key: ContentKey, header: JsonObject | string | Uint8Array): Uint8Array {
  if (typeof header === 'string') return Buffer.from(header);
  if (header instanceof Uint8Array) return header;
  const proper = { alg: key.alg, enc: key.enc, kid: key.kid, typ: 'at+jwt' };
  return Buffer.from(JSON.stringify({ ...proper, ...header }));
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
