import { createECDH } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { findPointFault, findScalarFault } from '../../src/keys/find-point-fault.js';
import { failuresOf } from '../support/failures-of.js';
import { generateEc } from '../support/key-pairs.js';

/** Order of P-521 (FIPS 186-4 §D.1.2.5). */
const ORDER =
  '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409';

function encode(scalar: bigint): string {
  return Buffer.from(scalar.toString(16).padStart(132, '0'), 'hex').toString('base64url');
}

test('points and scalars of P-521 key pairs have no fault', async () => {
  const failures = await failuresOf([1, 2, 3, 4], () => {
    const { privateJwk } = generateEc('P-521');
    expect(findPointFault('P-521', privateJwk)).toBeUndefined();
    expect(findScalarFault('P-521', privateJwk)).toBeUndefined();
  });
  expect(failures).toEqual([]);
});

test('points that are not on P-521 have a fault', () => {
  const { publicJwk } = generateEc('P-521');
  const p384 = generateEc('P-384').publicJwk;
  expect(findPointFault('P-521', { ...publicJwk, y: publicJwk['x'] })).toMatch('not a point on the curve');
  expect(findPointFault('P-521', { ...publicJwk, x: encode(2n ** 521n - 1n) })).toMatch('not a point');
  expect(findPointFault('P-521', p384)).toMatch('x and y must be 66 bytes');
});

test('scalars of P-521 are greater than 0 and less than the order, as in OpenSSL', () => {
  const order = BigInt(`0x${ORDER}`);
  const fault = (scalar: bigint) => findScalarFault('P-521', { d: encode(scalar) });
  expect(fault(order - 1n)).toBeUndefined();
  expect(fault(order)).toMatch('less than the order');
  expect(fault(0n)).toMatch('greater than 0');

  const use = (scalar: bigint) => createECDH('secp521r1').setPrivateKey(encode(scalar), 'base64url');
  expect(() => use(order - 1n)).not.toThrow();
  expect(() => use(order)).toThrow();
});
