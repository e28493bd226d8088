import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';

/** What a derived key is for; keys of one purpose never open tokens of the other. */
export type KeyPurpose = 'access' | 'refresh';

/** Content encryption algorithms on the allow-list (RFC 7518 section 5.3), with their key length in bytes. */
export const KEY_LENGTHS = { A128GCM: 16, A192GCM: 24, A256GCM: 32 } as const;

/** `enc` of a key. */
export type ContentEncryption = keyof typeof KEY_LENGTHS;

/** Content encryption of keys that say none. */
export const DEFAULT_ENCRYPTION: ContentEncryption = 'A256GCM';

/** Symmetric key wrapping on the allow-list (RFC 7518 sections 4.4 and 4.7): keys of 32 bytes. */
export const WRAPPING_ALGORITHMS = ['A256KW', 'A256GCMKW'] as const;

/** Curves on the allow-list for key agreement (RFC 7518 section 4.6, RFC 8037 section 3.2). */
export const AGREEMENT_CURVES = ['P-256', 'P-384', 'X25519'] as const;

/** Public-key encryption on the allow-list (RFC 7518 sections 4.3 and 4.6). */
export const ASYMMETRIC_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const;

export type WrappingAlgorithm = (typeof WRAPPING_ALGORITHMS)[number];
export type AgreementCurve = (typeof AGREEMENT_CURVES)[number];
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];

/** What every key has, whatever its algorithm. */
interface KeyTraits {
  readonly kid: string;
  readonly enc: ContentEncryption;
  readonly purpose: KeyPurpose;
  /** The one audience that it is for; none for a key that was given underived and names none. */
  readonly audience?: string;
  /** The key encrypts nothing until then. Default: no such time. */
  readonly notBefore?: NumericDate;
  /** The key decrypts nothing from then on. Default: no end. */
  readonly notAfter?: NumericDate;
  /** False for a key that was handed over for decryption only. */
  readonly encrypts: boolean;
}

/** Direct encryption: the shared key is the content encryption key (RFC 7518 section 4.5). */
export interface DirectKey extends KeyTraits {
  readonly alg: 'dir';
  readonly secret: KeyObject;
  /**
   * Key of the proof of issuance. Only access keys that were derived here, from a root, have one: it is never exported,
   * and lives as long as the root.
   */
  readonly provenance?: KeyObject;
}

/** A shared key that wraps the content encryption key of each token. */
export interface WrappingKey extends KeyTraits {
  readonly alg: WrappingAlgorithm;
  readonly secret: KeyObject;
}

interface KeyHalves extends KeyTraits {
  readonly publicKey: KeyObject;
  /** None where tokens are only encrypted to it: somebody else opens them. */
  readonly privateKey?: KeyObject;
}

export interface RsaKey extends KeyHalves {
  readonly alg: 'RSA-OAEP-256';
}

export interface AgreementKey extends KeyHalves {
  readonly alg: 'ECDH-ES' | 'ECDH-ES+A256KW';
  readonly curve: AgreementCurve;
}

/** A key to which anyone can encrypt, so that only a nested JWS tells who wrote a token. */
export type AsymmetricKey = RsaKey | AgreementKey;

/** One key that encrypts content, for exactly one `alg` and one `enc` (RFC 8725 section 3.1). */
export type ContentKey = DirectKey | WrappingKey | AsymmetricKey;

export function isContentEncryption(value: unknown): value is ContentEncryption {
  return typeof value === 'string' && Object.hasOwn(KEY_LENGTHS, value);
}

export function isWrappingAlgorithm(value: unknown): value is WrappingAlgorithm {
  return WRAPPING_ALGORITHMS.some((alg) => alg === value);
}

export function isAsymmetricAlgorithm(value: unknown): value is AsymmetricAlgorithm {
  return ASYMMETRIC_ALGORITHMS.some((alg) => alg === value);
}

export function isAsymmetricKey(key: ContentKey): key is AsymmetricKey {
  return isAsymmetricAlgorithm(key.alg);
}
