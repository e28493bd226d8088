import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { type Curve, findPointFault, findScalarFault } from './find-point-fault.js';
import { findPrivateRsaFault, PRIVATE_RSA_MEMBERS } from './find-private-rsa-fault.js';
import { findRsaFault } from './find-rsa-fault.js';
import type { Jwk } from './jwk.js';

const EC = { kty: 'EC', publicMembers: ['x', 'y'], privateMembers: ['d'] };
const OKP = { kty: 'OKP', publicMembers: ['x'], privateMembers: ['d'] };
const RSA = { kty: 'RSA', publicMembers: ['n', 'e'], privateMembers: PRIVATE_RSA_MEMBERS };

/** Supported asymmetric keys: RSA, and the others by curve (RFC 7518 §6, RFC 8037 §2). */
const SHAPES = { RSA, 'P-256': EC, 'P-384': EC, X25519: OKP, Ed25519: OKP } as const;

export type KeyShape = keyof typeof SHAPES;

export interface KeyPair<Shape extends KeyShape = KeyShape> {
  readonly shape: Shape;
  readonly publicKey: KeyObject;
  /** Absent for a public JWK. */
  readonly privateKey?: KeyObject;
}

/** Message that is signed to check that a private and a public key match. */
const PROBE = Buffer.from('passport-jwe');

/**
 * Imports both keys of a private JWK, or the key of a public JWK. Other members are ignored.
 *
 * @throws TypeError, without any value, if the key type or curve is not allowed, a member is not canonical base64url of
 *   its length, a point is not on the curve or of small order, an RSA key is weak or has more than two primes, or the
 *   private and the public key do not match.
 */
export function importKeyPair<Shape extends KeyShape>(jwk: Jwk, allowed: readonly Shape[]): KeyPair<Shape> {
  const shape = allowed.find((each) => hasShape(jwk, each));
  if (shape === undefined) {
    throw new TypeError(
      `kty and crv of this JWK do not fit its alg, which needs one of: ${allowed.join(', ')}`,
    );
  }
  const fault = isCurve(shape) ? findPointFault(shape, jwk) : findRsaFault(jwk);
  if (fault !== undefined) throw new TypeError(`This JWK is not a valid ${shape} key: ${fault}`);
  const publicKey = importPublicHalf(shape, jwk);
  if (jwk['d'] === undefined) return { shape, publicKey };
  return { shape, publicKey, privateKey: importPrivateHalf(shape, jwk, publicKey) };
}

function isCurve(shape: KeyShape): shape is Curve {
  return shape !== 'RSA';
}

function importPublicHalf(shape: KeyShape, jwk: Jwk): KeyObject {
  const key = pick(jwk, SHAPES[shape].publicMembers);
  const publicKey = importHalf(() => createPublicKey({ key, format: 'jwk' }));
  if (publicKey === undefined || (shape === 'X25519' && !agrees(publicKey))) {
    throw new TypeError(`This JWK is not a valid ${shape} key: Node.js rejects it`);
  }
  return publicKey;
}

function importPrivateHalf(shape: KeyShape, jwk: Jwk, publicKey: KeyObject): KeyObject {
  const fault = isCurve(shape) ? findScalarFault(shape, jwk) : findPrivateRsaFault(jwk);
  if (fault !== undefined) throw new TypeError(`The private key of this ${shape} JWK is not valid: ${fault}`);
  const { publicMembers, privateMembers } = SHAPES[shape];
  const key = pick(jwk, [...publicMembers, ...privateMembers]);
  const privateKey = importHalf(() => createPrivateKey({ key, format: 'jwk' }));
  // Some releases of Node.js compare both keys on import (24.22).
  if (privateKey === undefined || !belongTogether(shape, publicKey, privateKey)) {
    throw new TypeError(
      `The private key of this ${shape} JWK does not match its public key; export both again`,
    );
  }
  return privateKey;
}

function hasShape(jwk: Jwk, shape: KeyShape): boolean {
  return jwk['kty'] === SHAPES[shape].kty && (shape === 'RSA' || jwk['crv'] === shape);
}

/** Discards the error of the library, which might show the key. */
function importHalf(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function pick(jwk: Jwk, members: readonly string[]): JsonWebKey {
  return Object.fromEntries(['kty', 'crv', ...members].map((member) => [member, jwk[member]]));
}

/** With a point of low order every shared secret is zero, which OpenSSL rejects (RFC 7748 §6.1). */
function agrees(publicKey: KeyObject): boolean {
  const { privateKey } = generateKeyPairSync('x25519');
  try {
    diffieHellman({ privateKey, publicKey });
    return true;
  } catch {
    return false;
  }
}

function belongTogether(shape: KeyShape, publicKey: KeyObject, privateKey: KeyObject): boolean {
  if (SHAPES[shape].kty === 'OKP') return createPublicKey(privateKey).equals(publicKey);
  try {
    return verify('sha256', PROBE, publicKey, sign('sha256', PROBE, privateKey));
  } catch {
    return false;
  }
}
