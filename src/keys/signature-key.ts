import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { importKeyPair, type KeyPair, type KeyShape } from './import-key-pair.js';
import { type Jwk, readForeignKid, readKid, readOperations, readPeriod } from './jwk.js';

/** Signature algorithms on the allow-list (RFC 7518 §3.1, RFC 8037 §3.1), each with its kind of key. */
const SHAPES = { EdDSA: 'Ed25519', ES256: 'P-256', PS256: 'RSA', RS256: 'RSA' } as const satisfies Record<
  string,
  KeyShape
>;

/** Signature algorithm (`alg`) of a nested JWS. */
export type SignatureAlgorithm = keyof typeof SHAPES;

/** Public key that verifies the signatures of one issuer, with exactly one `alg`. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  /** Time from which the key no longer verifies. Default: none. */
  readonly notAfter?: NumericDate;
}

/** Key pair with which an issuer signs. `privateKey` is secret. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Parses the public JWK of an issuer.
 *
 * @throws TypeError if the JWK is private or weak, its algorithm is not on the allow-list, its key type or curve does
 *   not fit the algorithm, `kid` or `exp` is malformed, or `use` or `key_ops` does not allow verification.
 */
export function parseVerificationKey(jwk: Jwk): VerificationKey {
  const { alg, pair } = readSignaturePair(jwk, 'verify');
  if (pair.privateKey !== undefined)
    throw new TypeError('A verification key must be a public JWK, without d');
  const kid = readForeignKid(jwk);
  return Object.freeze({ kid, alg, publicKey: pair.publicKey, ...readPeriod(jwk) });
}

/**
 * Parses the private JWK of an issuer.
 *
 * @throws TypeError if the JWK is public, has `exp`, or has a fault that `parseVerificationKey` rejects.
 */
export function parseSigningKey(jwk: Jwk): SigningKey {
  const { alg, pair } = readSignaturePair(jwk, 'sign');
  const { publicKey, privateKey } = pair;
  if (privateKey === undefined) throw new TypeError('A signing key must be a private JWK, with d');
  if (jwk['exp'] !== undefined) throw new TypeError('A signing key must not have exp');
  return Object.freeze({ kid: readKid(jwk), alg, publicKey, privateKey });
}

function readSignaturePair(
  jwk: Jwk,
  operation: 'sign' | 'verify',
): { alg: SignatureAlgorithm; pair: KeyPair } {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('A JWK must be a JSON object');
  const { alg } = jwk;
  if (!isSignatureAlgorithm(alg)) {
    throw new TypeError(`alg of a signature key must be one of ${Object.keys(SHAPES).join(', ')}`);
  }
  if (!readOperations(jwk, 'sig', ['sign', 'verify']).includes(operation)) {
    throw new TypeError(`key_ops of this JWK do not allow ${operation}`);
  }
  return { alg, pair: importKeyPair(jwk, [SHAPES[alg]]) };
}

function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return typeof alg === 'string' && Object.hasOwn(SHAPES, alg);
}
