import { once } from '../base/once.js';

/** Edwards25519, the curve of Ed25519: -x² + y² = 1 + d x² y² over the integers modulo p (RFC 8032 §5.1). */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** Order of the base point. The curve has 8 L points. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const squareRootOfMinus1 = once(() => power(2n, (P - 1n) / 4n));

/** Point in extended homogeneous coordinates (RFC 8032 §5.1.4). */
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];

const IDENTITY: Point = [0n, 1n, 1n, 0n];

/**
 * Whether 32 bytes are a valid Ed25519 public key: the canonical encoding of a point of order L. Points of small order
 * are rejected, because forged signatures verify under them.
 */
export function isEd25519PublicKey(bytes: Buffer): boolean {
  const point = decodePoint(bytes);
  return point !== undefined && !isIdentity(point) && isIdentity(multiply(L, point));
}

/** Decode a point (RFC 8032 §5.1.3). Return `undefined` if the encoding is not canonical, or no point matches it. */
function decodePoint(bytes: Buffer): Point | undefined {
  const encoded = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const sign = encoded >> 255n;
  const y = encoded & ((1n << 255n) - 1n);
  if (y >= P) return undefined;
  const root = squareRootOfRatio(y * y - 1n, D * y * y + 1n);
  if (root === undefined || (root === 0n && sign === 1n)) return undefined;
  const x = (root & 1n) === sign ? root : P - root;
  return [x, y, 1n, reduce(x * y)];
}

/** Return a square root of u/v modulo p, or `undefined` if there is none. */
function squareRootOfRatio(u: bigint, v: bigint): bigint | undefined {
  const candidate = reduce(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n));
  const square = reduce(v * candidate * candidate);
  if (square === reduce(u)) return candidate;
  return square === reduce(-u) ? reduce(candidate * squareRootOfMinus1()) : undefined;
}

function multiply(scalar: bigint, point: Point): Point {
  let product = IDENTITY;
  for (const bit of scalar.toString(2)) {
    product = add(product, product);
    if (bit === '1') product = add(product, point);
  }
  return product;
}

/** Add two points with the complete formula of RFC 8032 §5.1.4, which also doubles. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = reduce((y1 - x1) * (y2 - x2));
  const b = reduce((y1 + x1) * (y2 + x2));
  const c = reduce(2n * D * t1 * t2);
  const d = reduce(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [reduce(e * f), reduce(g * h), reduce(f * g), reduce(e * h)];
}

function isIdentity([x, y, z]: Point): boolean {
  return x === 0n && y === z;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = reduce(result * result);
    if (bit === '1') result = reduce(result * base);
  }
  return result;
}

function reduce(value: bigint): bigint {
  const remainder = value % P;
  return remainder < 0n ? remainder + P : remainder;
}
