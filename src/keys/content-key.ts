import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';

/** Purpose of a derived key. A key of one purpose never decrypts tokens of the other. */
export type KeyPurpose = 'access' | 'refresh';

/** Content encryption algorithms on the allow-list (RFC 7518 §5.3), with their key length in bytes. */
export const KEY_LENGTHS = { A128GCM: 16, A192GCM: 24, A256GCM: 32 } as const;

/** Content encryption algorithm of a key, as in `enc`. */
export type ContentEncryption = keyof typeof KEY_LENGTHS;

/** Content encryption of keys that name none. */
export const DEFAULT_ENCRYPTION: ContentEncryption = 'A256GCM';

/** Symmetric key wrapping on the allow-list (RFC 7518 §4.4, §4.7): keys of 32 bytes. */
export const WRAPPING_ALGORITHMS = ['A256KW', 'A256GCMKW'] as const;

/** Curves on the allow-list for key agreement (RFC 7518 §4.6, RFC 8037 §3.2). */
export const AGREEMENT_CURVES = ['P-256', 'P-384', 'X25519'] as const;

/** Public-key encryption on the allow-list (RFC 7518 §4.3, §4.6). */
export const ASYMMETRIC_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const;

export type WrappingAlgorithm = (typeof WRAPPING_ALGORITHMS)[number];
export type AgreementCurve = (typeof AGREEMENT_CURVES)[number];
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];

/** Members that keys of all algorithms have. */
interface KeyTraits {
  readonly kid: string;
  readonly enc: ContentEncryption;
  readonly purpose: KeyPurpose;
  /** The only audience of the key. Absent for an underived key without `aud`. */
  readonly audience?: string;
  /** Time before which the key does not encrypt. Default: none. */
  readonly notBefore?: NumericDate;
  /** Time from which the key no longer decrypts. Default: none. */
  readonly notAfter?: NumericDate;
  /** False for a key that may only decrypt. */
  readonly encrypts: boolean;
}

/** Direct encryption: the shared key is the content encryption key (RFC 7518 §4.5). */
export interface DirectKey extends KeyTraits {
  readonly alg: 'dir';
  readonly secret: KeyObject;
  /**
   * Key of the proof of issuance. Only access keys that this process derived from a root have one. It is never exported
   * and is valid as long as the root.
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
  /** Absent if this process only encrypts to the key and another party decrypts. */
  readonly privateKey?: KeyObject;
}

export interface RsaKey extends KeyHalves {
  readonly alg: 'RSA-OAEP-256';
}

export interface AgreementKey extends KeyHalves {
  readonly alg: 'ECDH-ES' | 'ECDH-ES+A256KW';
  readonly curve: AgreementCurve;
}

/** A public-key recipient. Anyone can encrypt to it, so only a nested JWS authenticates the issuer of a token. */
export type AsymmetricKey = RsaKey | AgreementKey;

/** One key that encrypts content, for exactly one `alg` and one `enc` (RFC 8725 §3.1). */
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
