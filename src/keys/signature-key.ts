import type { KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { importKeyPair, type KeyPair, type KeyShape } from './import-key-pair.js';
import { type Jwk, NO_JWK, readForeignKid, readKid, readOperations, readPeriod } from './jwk.js';
import type { VerificationAlgorithm } from './verification-algorithms.js';

/** Allowed signature algorithms and their key types (RFC 7518 §3.1, RFC 8037 §3.1). */
const SHAPES = { EdDSA: 'Ed25519', ES256: 'P-256', PS256: 'RSA', RS256: 'RSA' } as const satisfies Record<
  string,
  KeyShape
>;

/** Signature algorithm (`alg`) of a nested JWS. */
export type SignatureAlgorithm = keyof typeof SHAPES;

/** Public key of an issuer, for one signature algorithm. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: VerificationAlgorithm;
  readonly publicKey: KeyObject;
  /** Time from which the key no longer verifies, in seconds since 1970. Absent if there is no expiry. */
  readonly notAfter?: NumericDate;
}

/** Key pair of an issuer, for one signature algorithm. `privateKey` is secret. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Parse the public JWK of an issuer.
 *
 * @throws TypeError if the JWK is private, weak or malformed, or its `alg`, `use` or `key_ops` does not allow
 *   verification.
 */
export function parseVerificationKey(jwk: Jwk): VerificationKey {
  const { alg, pair } = readSignaturePair(jwk, 'verify');
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
  const { alg, pair } = readSignaturePair(jwk, 'sign');
  const { publicKey, privateKey } = pair;
  if (privateKey === undefined) throw new TypeError('a signing key must be a private JWK: export it with d');
  if (jwk['exp'] !== undefined)
    throw new TypeError('a signing key must not have exp: remove exp from the JWK');
  return Object.freeze({ kid: readKid(jwk), alg, publicKey, privateKey });
}

function readSignaturePair(
  jwk: Jwk,
  operation: 'sign' | 'verify',
): { alg: SignatureAlgorithm; pair: KeyPair } {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError(NO_JWK);
  const { alg } = jwk;
  if (!isSignatureAlgorithm(alg)) {
    throw new TypeError(
      `alg must be one of ${Object.keys(SHAPES).join(', ')}: set the signature algorithm of the JWK`,
    );
  }
  if (!readOperations(jwk, 'sig', ['sign', 'verify']).includes(operation)) {
    throw new TypeError(`key_ops must include "${operation}": add it, or remove key_ops`);
  }
  return { alg, pair: importKeyPair(jwk, [SHAPES[alg]]) };
}

/** Whether tokens of home issuers may be signed with an algorithm. */
export function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return typeof alg === 'string' && Object.hasOwn(SHAPES, alg);
}
