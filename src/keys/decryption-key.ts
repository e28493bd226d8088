import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from './jwe-algorithms.js';

/** Curves for key agreement with trusted issuers (RFC 7518 §4.6, RFC 8037 §3.2). */
export type DecryptionCurve = 'P-256' | 'P-384' | 'P-521' | 'X25519';

interface DecryptionKeyTraits {
  readonly kid: string;
  /** Only algorithm for which the key may be used. Absent if the JWK has no `alg`. */
  readonly alg?: KeyManagementAlgorithm;
  /** Only content encryption algorithm for which the key may be used. Absent if the JWK has no `enc`. */
  readonly enc?: ContentEncryptionAlgorithm;
  /** Time from which the key no longer decrypts, in seconds since 1970. Absent if there is no expiry. */
  readonly notAfter?: NumericDate;
}

/** Symmetric key, shared with exactly one issuer. */
export interface SecretDecryptionKey extends DecryptionKeyTraits {
  readonly type: 'secret';
  readonly secret: KeyObject;
}

interface PrivateTraits extends DecryptionKeyTraits {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface RsaDecryptionKey extends PrivateTraits {
  readonly type: 'RSA';
}

export interface AgreementDecryptionKey extends PrivateTraits {
  readonly type: 'agreement';
  readonly curve: DecryptionCurve;
}

/** Private key. Anyone can encrypt to its public key, so only a nested JWS authenticates the issuer. */
export type PrivateDecryptionKey = RsaDecryptionKey | AgreementDecryptionKey;

/** Key that decrypts tokens of trusted issuers. Compared by identity: a reloaded key is a new object. */
export type DecryptionKey = SecretDecryptionKey | PrivateDecryptionKey;
