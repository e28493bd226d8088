import { toInteger } from './decode-integer.js';
import { decodeMember } from './decode-member.js';
import { isEd25519PublicKey } from './edwards25519.js';
import type { Jwk } from './jwk.js';

interface WeierstrassCurve {
  /** Length of `x`, `y` and `d` in bytes. */
  readonly bytes: number;
  readonly p: bigint;
  readonly b: bigint;
  /** Number of points on the curve. */
  readonly order: bigint;
}

/** Parameters of the NIST curves: y² = x³ - 3x + b modulo p (FIPS 186-4 §D.1.2). */
const WEIERSTRASS = {
  'P-256': {
    bytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    bytes: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  'P-521': {
    bytes: 66,
    p: 2n ** 521n - 1n,
    b: 0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
} as const satisfies Record<string, WeierstrassCurve>;

/** Length of `x` and `d` for X25519 and Ed25519 in bytes (RFC 8037 §2, RFC 7748 §6.1, RFC 8032 §5.1.5). */
const OKP_BYTES = 32;

const CURVE25519_P = 2n ** 255n - 19n;

/** u-coordinates of low-order points on Curve25519 and its twist. Key agreement with any of them yields zero. */
const LOW_ORDER_U: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  CURVE25519_P - 1n,
]);

export type Curve = keyof typeof WEIERSTRASS | 'X25519' | 'Ed25519';

/**
 * Check the public members of a JWK or `epk` for one curve: canonical base64url of full length, and a point on the
 * curve that is not of small order.
 *
 * @returns the fault and its remedy, without key material; `undefined` if there is none.
 * @see RFC 7518 §6.2.1.2, RFC 8037 §2
 */
export function findPointFault(curve: Curve, jwk: Jwk): string | undefined {
  if (isNistCurve(curve)) return findWeierstrassFault(WEIERSTRASS[curve], jwk);
  const x = decodeFixed(jwk['x'], OKP_BYTES);
  if (x === undefined) return describeLength('x', OKP_BYTES);
  const isUsable = curve === 'Ed25519' ? isEd25519PublicKey(x) : isX25519PublicKey(x);
  return isUsable ? undefined : 'x is not a valid public key on this curve; generate a new key pair';
}

/**
 * Check `d` for one curve: canonical base64url of full length, and on NIST curves between 0 and the order.
 *
 * @returns the fault and its remedy, without key material; `undefined` if there is none.
 * @see RFC 7518 §6.2.2.1, RFC 8037 §2
 */
export function findScalarFault(curve: Curve, jwk: Jwk): string | undefined {
  const weierstrass = isNistCurve(curve) ? WEIERSTRASS[curve] : undefined;
  const length = weierstrass?.bytes ?? OKP_BYTES;
  const d = decodeFixed(jwk['d'], length);
  if (d === undefined) return describeLength('d', length);
  if (weierstrass === undefined) return undefined;
  const scalar = toInteger(d);
  return scalar > 0n && scalar < weierstrass.order
    ? undefined
    : 'd must be greater than 0 and less than the order of the curve; generate a new key pair';
}

function isNistCurve(curve: Curve): curve is keyof typeof WEIERSTRASS {
  return Object.hasOwn(WEIERSTRASS, curve);
}

function findWeierstrassFault({ bytes, p, b }: WeierstrassCurve, jwk: Jwk): string | undefined {
  const [x, y] = [decodeFixed(jwk['x'], bytes), decodeFixed(jwk['y'], bytes)];
  if (x === undefined || y === undefined) return describeLength('x and y', bytes);
  const [u, v] = [toInteger(x), toInteger(y)];
  const isOnCurve = u < p && v < p && (u ** 3n - 3n * u + b - v ** 2n) % p === 0n;
  return isOnCurve ? undefined : 'x and y are not a point on the curve; export the key again';
}

/** Whether a key is canonical and not of low order. RFC 7748 §5 also accepts u >= p and ignores the highest bit. */
function isX25519PublicKey(bytes: Buffer): boolean {
  const u = toInteger(Buffer.from(bytes).reverse());
  return u < CURVE25519_P && !LOW_ORDER_U.has(u);
}

function decodeFixed(value: unknown, length: number): Buffer | undefined {
  const bytes = decodeMember(value);
  return bytes?.length === length ? bytes : undefined;
}

function describeLength(members: string, bytes: number): string {
  return `${members} must be ${bytes} bytes in base64url without padding (${Math.ceil((bytes * 4) / 3)} characters)`;
}
