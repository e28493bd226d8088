import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { importKeyPair, type KeyPair, type KeyShape } from './import-key-pair.js';
import { type Jwk, readForeignKid, readKid, readOperations, readPeriod } from './jwk.js';

/** Signatures on the allow-list (RFC 7518 section 3.1, RFC 8037 section 3.1), each with the one kind of key that it has. */
const SHAPES = { EdDSA: 'Ed25519', ES256: 'P-256', PS256: 'RSA', RS256: 'RSA' } as const satisfies Record<
  string,
  KeyShape
>;

/** `alg` of a nested JWS. */
export type SignatureAlgorithm = keyof typeof SHAPES;

/** What the signatures of one issuer are verified by, under exactly one `alg`. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  /** Nothing is verified by it from then on. Default: no end. */
  readonly notAfter?: NumericDate;
}

/** What an issuer signs by. Its `privateKey` is secret. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Reads the public JWK of an issuer.
 * @throws TypeError for a private one, an algorithm off the allow-list, a key type or curve that does not fit it, a
 *   weak key, a malformed `kid` or `exp`, or `use` and `key_ops` that are not for signatures.
 */
export function parseVerificationKey(jwk: Jwk): VerificationKey {
  const { alg, pair } = readSignaturePair(jwk, 'verify');
  if (pair.privateKey !== undefined)
    throw new TypeError('A verification key must be a public JWK, without d');
  const kid = readForeignKid(jwk);
  return Object.freeze({ kid, alg, publicKey: pair.publicKey, ...readPeriod(jwk) });
}

/**
 * Reads the private JWK of an issuer.
 * @throws TypeError for a public one, one that has an end (`exp`), and as for a verification key.
 */
export function parseSigningKey(jwk: Jwk): SigningKey {
  const { alg, pair } = readSignaturePair(jwk, 'sign');
  const { publicKey, privateKey } = pair;
  if (privateKey === undefined) throw new TypeError('A signing key must be a private JWK, with d');
  if (jwk['exp'] !== undefined) throw new TypeError('A signing key must not have an end (exp)');
  return Object.freeze({ kid: readKid(jwk), alg, publicKey, privateKey });
}

function readSignaturePair(
  jwk: Jwk,
  operation: 'sign' | 'verify',
): { alg: SignatureAlgorithm; pair: KeyPair } {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('A JWK must be a JSON object');
  const { alg } = jwk;
  if (!isSignatureAlgorithm(alg)) {
    throw new TypeError(`alg of a JWK for signatures must be one of ${Object.keys(SHAPES).join(', ')}`);
  }
  if (!readOperations(jwk, 'sig', ['sign', 'verify']).includes(operation)) {
    throw new TypeError(`key_ops of this JWK do not allow ${operation}`);
  }
  return { alg, pair: importKeyPair(jwk, [SHAPES[alg]]) };
}

function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return typeof alg === 'string' && Object.hasOwn(SHAPES, alg);
}
