import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isEd25519PublicKey } from '../../src/keys/edwards25519.js';
import { parseJwk } from '../../src/keys/parse-jwk.js';
import { parseSigningKey, parseVerificationKey } from '../../src/keys/signature-key.js';
import { generateEc, generateOkp, generateRecipient, generateSigner } from '../support/key-pairs.js';
import { encodeInteger } from '../support/rsa-numbers.js';
import { NON_CANONICAL_SPELLINGS, OFF_CURVE, ofMixedOrder, SMALL_ORDER } from '../support/weak-points.js';

const NO_PUBLIC_KEY =
  'the JWK is not a valid Ed25519 key: x is not a valid public key on this curve; generate a new key pair';
const ed25519 = (x: Buffer) => ({
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'a',
  alg: 'EdDSA',
  x: x.toString('base64url'),
});
const importByNode = (x: Buffer): KeyObject => createPublicKey({ key: ed25519(x), format: 'jwk' });

describe('an Ed25519 public key', () => {
  test.each(SMALL_ORDER)('that is the point of order %i, %s, is rejected', (_order, _name, x) => {
    expect(importByNode(x).type).toBe('public');
    expect(() => parseVerificationKey(ed25519(x))).toThrow(new TypeError(NO_PUBLIC_KEY));
  });

  test.each(NON_CANONICAL_SPELLINGS)('that spells a point with %s is rejected', (_name, x) => {
    expect(() => parseVerificationKey(ed25519(x))).toThrow(new TypeError(NO_PUBLIC_KEY));
  });

  test.each(OFF_CURVE)('whose y is %s, which no point of the curve has, is rejected', (_name, x) => {
    expect(() => parseVerificationKey(ed25519(x))).toThrow(new TypeError(NO_PUBLIC_KEY));
  });

  test('that adds a point of small order to a real key is rejected', () => {
    const { x } = generateSigner().publicJwk;
    const mixed = ofMixedOrder(Buffer.from(String(x), 'base64url'));
    expect(() => parseVerificationKey(ed25519(mixed))).toThrow(new TypeError(NO_PUBLIC_KEY));
  });

  test.each([0, 31, 33, 64])('of %i bytes is rejected, and the message gives the length', (bytes) => {
    expect(() => parseVerificationKey(ed25519(Buffer.alloc(bytes, 7)))).toThrow(
      new TypeError(
        'the JWK is not a valid Ed25519 key: x must be 32 bytes in base64url without padding (43 characters)',
      ),
    );
  });

  test('is accepted for each of 100 generated pairs', () => {
    const keys = Array.from({ length: 100 }, () => generateOkp('ed25519').publicJwk['x']);
    expect(keys.filter((x) => !isEd25519PublicKey(Buffer.from(String(x), 'base64url')))).toEqual([]);
  });

  test('is accepted for the vectors of RFC 8032 section 7.1', () => {
    const vectors = [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
      'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    ];
    expect(vectors.filter((hex) => !isEd25519PublicKey(Buffer.from(hex, 'hex')))).toEqual([]);
  });
});

describe('an Ed25519 private key', () => {
  test.each([31, 33])('whose d has %i bytes is rejected', (bytes) => {
    const jwk = { ...generateSigner().privateJwk, d: Buffer.alloc(bytes, 7).toString('base64url') };
    expect(() => parseSigningKey(jwk)).toThrow(
      new TypeError(
        'the private key of the Ed25519 JWK is not valid: d must be 32 bytes in base64url without padding (43 characters)',
      ),
    );
  });

  test('whose d belongs to another x is rejected', () => {
    const jwk = { ...generateSigner().privateJwk, d: generateSigner().privateJwk['d'] };
    expect(() => parseSigningKey(jwk)).toThrow(
      new TypeError('the private key of the Ed25519 JWK does not match its public key: export both again'),
    );
  });
});

describe('an X25519 public key', () => {
  const { publicJwk } = generateRecipient('ECDH-ES', {}, 'X25519');

  test.each([
    ['u = p + 9, a second spelling of the base point', `f6${'ff'.repeat(30)}7f`],
    ['the base point with the highest bit set', `09${'00'.repeat(30)}80`],
    ['u = p, a second spelling of 0', `ed${'ff'.repeat(30)}7f`],
    ['u = p - 1', `ec${'ff'.repeat(30)}7f`],
  ])('that is %s is rejected', (_name, hex) => {
    const x = Buffer.from(hex, 'hex').toString('base64url');
    expect(() => parseJwk({ ...publicJwk, x })).toThrow(
      new TypeError(
        'the JWK is not a valid X25519 key: x is not a valid public key on this curve; generate a new key pair',
      ),
    );
  });
});

describe.each([
  ['P-256', 32, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [
    'P-384',
    48,
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
] as const)('a key on %s', (curve, bytes, order) => {
  const { privateJwk, publicJwk } = generateRecipient('ECDH-ES', {}, curve);

  test('is accepted for each of 100 generated pairs', () => {
    for (let round = 0; round < 100; round += 1) {
      const jwk = generateEc(curve, { kid: 'a', alg: 'ECDH-ES' }).privateJwk;
      expect(parseJwk(jwk)).toMatchObject({ kind: 'key' });
    }
  });

  test.each(['x', 'y'])('whose %s has another length is rejected', (member) => {
    for (const length of [bytes - 1, bytes + 1]) {
      const value = Buffer.alloc(length, 7).toString('base64url');
      expect(() => parseJwk({ ...publicJwk, [member]: value })).toThrow(
        new TypeError(
          `the JWK is not a valid ${curve} key: x and y must be ${bytes} bytes in base64url without padding (${((bytes * 4 + 2) / 3) | 0} characters)`,
        ),
      );
    }
  });

  test('whose leading zero byte of a coordinate is left out is rejected', () => {
    const short = withLeadingZero(curve);
    expect(() => parseJwk(short)).toThrow(/x and y must be \d+ bytes/);
  });

  test('whose d is shorter than the order is rejected (RFC 7518 section 6.2.2.1)', () => {
    const d = Buffer.from(String(privateJwk['d']), 'base64url').subarray(1).toString('base64url');
    expect(() => parseJwk({ ...privateJwk, d })).toThrow(/^the private key .* d must be \d+ bytes/);
  });

  test.each([
    ['zero', 0n],
    ['the order', order],
    ['the order plus one', order + 1n],
  ])('whose d is %s is rejected', (_name, value) => {
    const d = Buffer.alloc(bytes);
    const encoded = Buffer.from(encodeInteger(value), 'base64url');
    encoded.copy(d, bytes - encoded.length);
    expect(() => parseJwk({ ...privateJwk, d: d.toString('base64url') })).toThrow(
      new TypeError(
        `the private key of the ${curve} JWK is not valid: d must be greater than 0 and less than the order of the curve; generate a new key pair`,
      ),
    );
  });
});

/** A public key one of whose coordinates begins with a zero byte, which is cut off. */
function withLeadingZero(curve: 'P-256' | 'P-384') {
  for (;;) {
    const { publicJwk } = generateRecipient('ECDH-ES', {}, curve);
    for (const member of ['x', 'y']) {
      const bytes = Buffer.from(String(publicJwk[member]), 'base64url');
      if (bytes[0] === 0) return { ...publicJwk, [member]: bytes.subarray(1).toString('base64url') };
    }
  }
}
