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

/** Supported asymmetric key types: RSA, and one for each curve (RFC 7518 §6, RFC 8037 §2). */
const SHAPES = { RSA, 'P-256': EC, 'P-384': EC, 'P-521': EC, X25519: OKP, Ed25519: OKP } as const;

export type KeyShape = keyof typeof SHAPES;

export interface KeyPair<Shape extends KeyShape = KeyShape> {
  readonly shape: Shape;
  readonly publicKey: KeyObject;
  /** Absent for a public JWK. */
  readonly privateKey?: KeyObject;
}

/** Test message, signed to check whether a private key matches its public key. */
const PROBE = Buffer.from('passport-jwe');

/**
 * Import the key pair of a private JWK, or the public key of a public JWK. Other members are ignored.
 *
 * @throws TypeError if the key type or curve is not allowed, a member is malformed, the key is weak, or the private
 *   key does not match the public key. The message contains no key material.
 */
export function importKeyPair<Shape extends KeyShape>(jwk: Jwk, allowed: readonly Shape[]): KeyPair<Shape> {
  const shape = allowed.find((each) => hasShape(jwk, each));
  if (shape === undefined) {
    throw new TypeError(describeShapes(allowed));
  }
  const fault = isCurve(shape) ? findPointFault(shape, jwk) : findRsaFault(jwk);
  if (fault !== undefined) throw new TypeError(`the JWK is not a valid ${shape} key: ${fault}`);
  const publicKey = importPublicHalf(shape, jwk);
  if (jwk['d'] === undefined) return { shape, publicKey };
  return { shape, publicKey, privateKey: importPrivateHalf(shape, jwk, publicKey) };
}

/** RSA keys have no `crv`. */
function describeShapes(allowed: readonly KeyShape[]): string {
  const curves = allowed.filter(isCurve);
  return curves.length === 0
    ? 'kty must be "RSA" for this alg: pass an RSA key, or correct alg'
    : `the key must be on the curve ${curves.join(' or ')} for this alg: pass a key with this kty and crv, or correct alg`;
}

function isCurve(shape: KeyShape): shape is Curve {
  return shape !== 'RSA';
}

function importPublicHalf(shape: KeyShape, jwk: Jwk): KeyObject {
  const key = pick(jwk, SHAPES[shape].publicMembers);
  const publicKey = importHalf(() => createPublicKey({ key, format: 'jwk' }));
  if (publicKey === undefined || (shape === 'X25519' && !agrees(publicKey))) {
    throw new TypeError(`the JWK is not a valid ${shape} key: Node.js rejects it; generate a new key pair`);
  }
  return publicKey;
}

function importPrivateHalf(shape: KeyShape, jwk: Jwk, publicKey: KeyObject): KeyObject {
  const fault = isCurve(shape) ? findScalarFault(shape, jwk) : findPrivateRsaFault(jwk);
  if (fault !== undefined) throw new TypeError(`the private key of the ${shape} JWK is not valid: ${fault}`);
  const { publicMembers, privateMembers } = SHAPES[shape];
  const key = pick(jwk, [...publicMembers, ...privateMembers]);
  const privateKey = importHalf(() => createPrivateKey({ key, format: 'jwk' }));
  // Some Node.js releases compare both keys on import, for example 24.22.
  if (privateKey === undefined || !belongTogether(shape, publicKey, privateKey)) {
    throw new TypeError(
      `the private key of the ${shape} JWK does not match its public key: export both again`,
    );
  }
  return privateKey;
}

function hasShape(jwk: Jwk, shape: KeyShape): boolean {
  return jwk['kty'] === SHAPES[shape].kty && (shape === 'RSA' || jwk['crv'] === shape);
}

/** Import a key. Discard errors of Node.js, which could contain key material. */
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

/**
 * Whether key agreement with a public key succeeds. OpenSSL rejects points of low order, because the shared secret is
 * zero (RFC 7748 §6.1).
 */
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
