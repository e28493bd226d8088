/** p of edwards25519 is 2^255 - 19. */
const P = 2n ** 255n - 19n;

const fromHex = (hex: string) => Buffer.from(hex, 'hex');

/** The identity: its own R and S = 0 make a signature of every message. */
export const IDENTITY = fromHex(`01${'00'.repeat(31)}`);

/** The points whose order divides 8, by order. */
export const SMALL_ORDER: readonly (readonly [order: number, name: string, x: Buffer])[] = [
  [1, 'the identity', IDENTITY],
  [2, 'y = -1', fromHex(`ec${'ff'.repeat(30)}7f`)],
  [4, 'y = 0', Buffer.alloc(32)],
  [4, 'y = 0 with the sign bit', fromHex(`${'00'.repeat(31)}80`)],
  [8, 'the first', fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')],
  [8, 'the second', fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85')],
  [8, 'the third', fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')],
  [8, 'the fourth', fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa')],
];

/** Encodings that RFC 8032 section 5.1.3 rejects, and lenient decoders take. */
export const NON_CANONICAL_SPELLINGS: readonly (readonly [name: string, x: Buffer])[] = [
  ['x = 0 and the sign bit: the identity', fromHex(`01${'00'.repeat(30)}80`)],
  ['x = 0 and the sign bit: the point of order 2', fromHex(`ec${'ff'.repeat(31)}`)],
  ['y = p', encodePoint(P, 0n)],
  ['y = p and the sign bit', encodePoint(P, 1n)],
  ['y = p + 1: the identity', encodePoint(P + 1n, 0n)],
  ['y = p + 1 and the sign bit', encodePoint(P + 1n, 1n)],
  ['y = p + 3: a point of large order', encodePoint(P + 3n, 0n)],
  ['y = 2^255 - 1', encodePoint(2n ** 255n - 1n, 0n)],
];

export const OFF_CURVE: readonly (readonly [name: string, x: Buffer])[] = [2n, 7n, 8n, 11n].map((y) => [
  String(y),
  encodePoint(y, 0n),
]);

/** The sum of a point and the point of order 2, which is (-x, -y). */
export function ofMixedOrder(point: Buffer): Buffer {
  const encoded = BigInt(`0x${Buffer.from(point).reverse().toString('hex')}`);
  const y = encoded & (2n ** 255n - 1n);
  return encodePoint(P - y, 1n - (encoded >> 255n));
}

function encodePoint(y: bigint, sign: bigint): Buffer {
  const encoded = y | (sign << 255n);
  return fromHex(encoded.toString(16).padStart(64, '0')).reverse();
}
