import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { importKeyPair, type KeyPair, type KeyShape } from './import-key-pair.js';
import { type Jwk, NO_JWK, readForeignKid, readKid, readOperations, readPeriod } from './jwk.js';
import type { VerificationAlgorithm } from './verification-algorithms.js';

/** Algorithms of signing keys and their key types (RFC 7518 §3.1, RFC 8037 §3.1). */
const SIGNING_SHAPES = {
  EdDSA: 'Ed25519',
  ES256: 'P-256',
  PS256: 'RSA',
  RS256: 'RSA',
} as const satisfies Partial<Record<VerificationAlgorithm, KeyShape>>;

/** Algorithms of verification keys and their key types. Includes the algorithms of other issuers (RFC 9864 §2.2). */
export const VERIFICATION_SHAPES: Readonly<Record<VerificationAlgorithm, KeyShape>> = {
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
};

/**
 * Signature algorithm (`alg`) of a nested JWS that this package signs.
 *
 * @useDeclaredType
 */
export type SignatureAlgorithm = keyof typeof SIGNING_SHAPES;

/** Public key of an issuer, for one signature algorithm. */
export interface VerificationKey {
  /** Key ID. */
  readonly kid: string;
  /** Signature algorithm. */
  readonly alg: VerificationAlgorithm;
  /** Public key, for verification. */
  readonly publicKey: KeyObject;
  /** Time from which the key no longer verifies, in seconds since 1970. Absent if there is no expiry. */
  readonly notAfter?: NumericDate;
}

/** Key pair of an issuer, for one signature algorithm. `privateKey` is secret. */
export interface SigningKey {
  /** Key ID. */
  readonly kid: string;
  /** Signature algorithm. */
  readonly alg: SignatureAlgorithm;
  /** Public key, for verification. */
  readonly publicKey: KeyObject;
  /** Private key, for signing. */
  readonly privateKey: KeyObject;
}

/**
 * Parse the public JWK of an issuer.
 *
 * @throws TypeError if the JWK is private, weak or malformed, or its `alg`, `use` or `key_ops` does not allow
 *   verification.
 */
export function parseVerificationKey(jwk: Jwk): VerificationKey {
  const { alg, pair } = readSignaturePair(jwk, VERIFICATION_SHAPES, 'verify');
  if (pair.privateKey !== undefined)
    throw new TypeError('a verification key must be a public JWK: remove d and the other private members');
  const kid = readForeignKid(jwk);
  return Object.freeze({ kid, alg, publicKey: pair.publicKey, ...readPeriod(jwk) });
}

/**
 * Parse the private JWK of an issuer.
 *
 * @throws TypeError if the JWK is public, weak or malformed, has `exp`, or its `alg`, `use` or `key_ops` does not
 *   allow signing.
 */
export function parseSigningKey(jwk: Jwk): SigningKey {
  const { alg, pair } = readSignaturePair(jwk, SIGNING_SHAPES, 'sign');
  const { publicKey, privateKey } = pair;
  if (privateKey === undefined) throw new TypeError('a signing key must be a private JWK: export it with d');
  if (jwk['exp'] !== undefined)
    throw new TypeError('a signing key must not have exp: remove exp from the JWK');
  return Object.freeze({ kid: readKid(jwk), alg, publicKey, privateKey });
}

function readSignaturePair<Algorithm extends string>(
  jwk: Jwk,
  shapes: Readonly<Record<Algorithm, KeyShape>>,
  operation: 'sign' | 'verify',
): { alg: Algorithm; pair: KeyPair } {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError(NO_JWK);
  const { alg } = jwk;
  if (!isListed(alg, shapes)) {
    throw new TypeError(
      `alg must be one of ${Object.keys(shapes).join(', ')}: set the signature algorithm of the JWK`,
    );
  }
  if (!readOperations(jwk, 'sig', ['sign', 'verify']).includes(operation)) {
    throw new TypeError(`key_ops must include "${operation}": add it, or remove key_ops`);
  }
  return { alg, pair: importKeyPair(jwk, [shapes[alg]]) };
}

function isListed<Algorithm extends string>(
  alg: unknown,
  shapes: Readonly<Record<Algorithm, KeyShape>>,
): alg is Algorithm {
  return typeof alg === 'string' && Object.hasOwn(shapes, alg);
}

/** Whether tokens of home issuers may be signed with an algorithm. */
export function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return isListed(alg, SIGNING_SHAPES);
}
