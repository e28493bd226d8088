import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';

/** Purpose of a key. A key for one purpose never decrypts tokens for the other. */
export type KeyPurpose = 'access' | 'refresh';

/** Allowed content encryption algorithms and their key lengths in bytes (RFC 7518 §5.3). */
export const KEY_LENGTHS = { A128GCM: 16, A192GCM: 24, A256GCM: 32 } as const;

/**
 * Content encryption algorithm (`enc`).
 *
 * @useDeclaredType
 */
export type ContentEncryption = keyof typeof KEY_LENGTHS;

/** Allowed content encryption algorithms. */
export const CONTENT_ENCRYPTIONS = Object.keys(KEY_LENGTHS).filter(isContentEncryption);

/** Default content encryption algorithm, for JWKs without `enc`. */
export const DEFAULT_ENCRYPTION: ContentEncryption = 'A256GCM';

/** Allowed key wrapping algorithms, all with 32-byte keys (RFC 7518 §4.4, §4.7). */
export const WRAPPING_ALGORITHMS = ['A256KW', 'A256GCMKW'] as const;

/** Allowed curves for key agreement (RFC 7518 §4.6, RFC 8037 §3.2). */
export const AGREEMENT_CURVES = ['P-256', 'P-384', 'X25519'] as const;

/** Allowed public-key encryption algorithms (RFC 7518 §4.3, §4.6). */
export const ASYMMETRIC_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const;

export type WrappingAlgorithm = (typeof WRAPPING_ALGORITHMS)[number];
export type AgreementCurve = (typeof AGREEMENT_CURVES)[number];
export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];

/** Members common to all keys. */
interface KeyTraits {
  readonly kid: string;
  readonly enc: ContentEncryption;
  readonly purpose: KeyPurpose;
  /** Audience to which the key is restricted. Absent for an underived key without `aud`. */
  readonly audience?: string;
  /** Time from which the key encrypts. Absent if there is no lower bound. */
  readonly notBefore?: NumericDate;
  /** Time from which the key no longer decrypts. Absent if there is no expiry. */
  readonly notAfter?: NumericDate;
  /** Whether the key may encrypt. If false, it only decrypts. */
  readonly encrypts: boolean;
}

/** Shared key that is used as the content encryption key (direct encryption, RFC 7518 §4.5). */
export interface DirectKey extends KeyTraits {
  readonly alg: 'dir';
  readonly secret: KeyObject;
  /**
   * Key for proofs of issuance. Present only on access keys that this process derived from a root. It is never
   * exported, and is valid as long as the root.
   */
  readonly provenance?: KeyObject;
}

/** Shared key that wraps the content encryption key of each token (RFC 7518 §4.4, §4.7). */
export interface WrappingKey extends KeyTraits {
  readonly alg: WrappingAlgorithm;
  readonly secret: KeyObject;
}

interface KeyHalves extends KeyTraits {
  readonly publicKey: KeyObject;
  /** Absent if this process only encrypts, and the recipient decrypts. */
  readonly privateKey?: KeyObject;
}

export interface RsaKey extends KeyHalves {
  readonly alg: 'RSA-OAEP-256';
}

export interface AgreementKey extends KeyHalves {
  readonly alg: 'ECDH-ES' | 'ECDH-ES+A256KW';
  readonly curve: AgreementCurve;
}

/** Public key or key pair of a recipient. Anyone can encrypt to it, so only a nested JWS authenticates the issuer. */
export type AsymmetricKey = RsaKey | AgreementKey;

/** Key for tokens, restricted to one `alg` and one `enc` (RFC 8725 §3.1). */
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
