import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../clock.js';

/** What a derived key is for; keys of one purpose never open tokens of the other. */
export type KeyPurpose = 'access' | 'refresh';

/** Content encryption algorithms on the allow-list (RFC 7518 section 5.3), with their key length in bytes. */
export const KEY_LENGTHS = { A128GCM: 16, A192GCM: 24, A256GCM: 32 } as const;

/** `enc` of a key. */
export type ContentEncryption = keyof typeof KEY_LENGTHS;

/** One key that encrypts content, for exactly one `alg` and one `enc` (RFC 8725 section 3.1). */
export interface ContentKey {
  readonly kid: string;
  /** Direct encryption: the shared key is the content encryption key (RFC 7518 section 4.5). */
  readonly alg: 'dir';
  readonly enc: ContentEncryption;
  readonly purpose: KeyPurpose;
  /** The one audience that it was derived for; none for a key that was given underived. */
  readonly audience?: string;
  /** The key encrypts nothing until then. Default: no such time. */
  readonly notBefore?: NumericDate;
  /** The key decrypts nothing from then on. Default: no end. */
  readonly notAfter?: NumericDate;
  /** False for a key that was handed over for decryption only. */
  readonly encrypts: boolean;
  readonly secret: KeyObject;
}

export function isContentEncryption(value: unknown): value is ContentEncryption {
  return typeof value === 'string' && Object.hasOwn(KEY_LENGTHS, value);
}
