import { describe, expect, test } from '@jest/globals';
import type { AgreementCurve, AsymmetricKey } from '../../src/keys/content-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { parseJwk } from '../../src/keys/parse-jwk.js';
import { thrownBy } from '../support/caught.js';
import { generateEc, generateOkp, generateRecipient, generateRsa } from '../support/key-pairs.js';
import { encodeInteger, modulusOf } from '../support/rsa-numbers.js';
import { NOW } from '../support/tokens.js';

const rsa = generateRecipient('RSA-OAEP-256');
const p256 = generateRecipient('ECDH-ES', {}, 'P-256');
const p384 = generateRecipient('ECDH-ES+A256KW', {}, 'P-384');
const x25519 = generateRecipient('ECDH-ES', {}, 'X25519');

const EVERY = [
  ['RSA-OAEP-256', rsa],
  ['ECDH-ES with P-256', p256],
  ['ECDH-ES+A256KW with P-384', p384],
  ['ECDH-ES with X25519', x25519],
] as const;

function parseKey(jwk: Jwk): AsymmetricKey {
  const material = parseJwk(jwk);
  if (material.kind === 'root' || !('publicKey' in material.key)) throw new Error('No asymmetric key');
  return material.key;
}

function messageFor(jwk: Jwk): string {
  const error = thrownBy(() => parseJwk(jwk));
  if (!(error instanceof TypeError)) throw error;
  return error.message;
}

/** Another private key of the same kind. */
function generateLike({ alg, crv }: Jwk): Jwk {
  const all = { alg, kid: 'recipient' };
  if (alg === 'RSA-OAEP-256') return generateRsa(all).privateJwk;
  return (crv === 'X25519' ? generateOkp('x25519', all) : generateEc(String(crv), all)).privateJwk;
}

/** A base64url text of so many bytes. */
const filled = (bytes: number, value = 7) => Buffer.alloc(bytes, value).toString('base64url');

describe.each(EVERY)('a JWK for %s', (_name, { privateJwk, publicJwk }) => {
  test('that is public encrypts, and decrypts nothing', () => {
    const key = parseKey(publicJwk);
    expect(key).toMatchObject({ kid: 'recipient', alg: publicJwk['alg'], enc: 'A256GCM', purpose: 'access' });
    expect(key.encrypts).toBe(true);
    expect(key).not.toHaveProperty('privateKey');
    expect(Object.isFrozen(key)).toBe(true);
  });

  test('that is private decrypts, and encrypts too', () => {
    const key = parseKey(privateJwk);
    expect(key.privateKey?.type).toBe('private');
    expect(key.publicKey.type).toBe('public');
    expect(key.encrypts).toBe(true);
  });

  test.each(['A128GCM', 'A192GCM', 'A256GCM'])('may say enc %s', (enc) => {
    expect(parseKey({ ...publicJwk, enc }).enc).toBe(enc);
  });

  test.each(['A128CBC-HS256', 'A256CBC-HS512', 'none', '', 7, null])('must not have enc %j', (enc) => {
    expect(messageFor({ ...publicJwk, enc })).toBe(
      'enc must be "A256GCM", "A192GCM" or "A128GCM": correct enc of the JWK, or remove it',
    );
  });

  test('keeps its audience and its end', () => {
    const members = { aud: 'https://a.example', exp: NOW };
    expect(parseKey({ ...publicJwk, ...members })).toMatchObject({ audience: members.aud, notAfter: NOW });
  });

  test.each([
    { kid: undefined },
    { kid: 'a b' },
    { aud: [] },
    { exp: 'soon' },
    { use: 'sig' },
    { key_ops: 'x' },
  ])('is rejected with %j', (members) => {
    expect(() => parseJwk({ ...privateJwk, ...members })).toThrow(TypeError);
  });

  test.each([[['sign']], [['verify']], [['deriveKey', 'encrypt']], [['decrypt', 'decrypt']]])(
    'is rejected with key_ops %j',
    (keyOps) => {
      expect(messageFor({ ...privateJwk, key_ops: keyOps })).toMatch(/^key_ops may contain only/);
    },
  );

  test('is rejected with the private key of another pair, without showing either', () => {
    const other = generateLike(privateJwk);
    const message = messageFor({ ...other, ...publicJwk });
    expect(message).toMatch(
      /^the private key of the .* JWK (is not valid: p times q is not n|does not match)/,
    );
    expect(message).not.toContain(String(other['d']));
  });

  test('is rejected if a member is missing or not a string', () => {
    for (const name of ['x', 'y', 'n', 'e'].filter((each) => Object.hasOwn(publicJwk, each))) {
      for (const value of [undefined, 7, null, '']) {
        expect(messageFor({ ...publicJwk, [name]: value })).toMatch(/^the JWK is not a valid/);
      }
    }
  });
});

const CURVES =
  'the key must be on the curve P-256 or P-384 or X25519 for this alg: pass a key with this kty and crv';

test.each([
  ['RSA', 'kty must be "RSA" for this alg: pass an RSA key', { ...p256.publicJwk, alg: 'RSA-OAEP-256' }],
  ['a curve', CURVES, { ...rsa.publicJwk, alg: 'ECDH-ES' }],
  ['a curve', CURVES, { ...p256.publicJwk, crv: 'P-521' }],
  ['a curve', CURVES, { ...p256.publicJwk, kty: 'OKP' }],
])('a JWK whose algorithm requires %s is rejected with another key type or curve', (_, message, jwk) => {
  expect(messageFor(jwk)).toBe(`${message}, or correct alg`);
});

describe('an RSA key', () => {
  test.each([1024, 2040])('of %i bits is rejected', (bits) => {
    expect(messageFor({ ...generateRsa({ kid: 'a', alg: 'RSA-OAEP-256' }, bits).publicJwk })).toBe(
      'the JWK is not a valid RSA key: n must have 2048 to 8192 bits',
    );
  });

  test('may have 8192 bits, and no more', () => {
    const n = modulusOf(8192);
    expect(parseKey({ ...rsa.publicJwk, n: encodeInteger(n) }).encrypts).toBe(true);
    expect(messageFor({ ...rsa.publicJwk, n: encodeInteger(n * 2n + 1n) })).toBe(
      'the JWK is not a valid RSA key: n must have 2048 to 8192 bits',
    );
  });

  test.each([
    ['1', 'AQ'],
    ['3', 'Aw'],
    ['65535', '__8'],
    ['65538', 'AQAC'],
    ['2^256 + 1', encodeInteger(2n ** 256n + 1n)],
  ])('with the public exponent %s is rejected', (_exponent, e) => {
    expect(messageFor({ ...rsa.publicJwk, e })).toBe(
      'the JWK is not a valid RSA key: e must be odd, at least 65537 and at most 256 bits long; generate a key pair with e = 65537',
    );
  });

  test.each([
    [['decrypt'], false],
    [['unwrapKey'], false],
    [['encrypt', 'decrypt'], true],
    [['wrapKey', 'unwrapKey'], true],
  ])('that is private, with key_ops %j, encrypts: %j', (keyOps, encrypts) => {
    expect(parseKey({ ...rsa.privateJwk, use: 'enc', key_ops: keyOps }).encrypts).toBe(encrypts);
  });

  test('that is private must be allowed to decrypt, and one that is public to encrypt', () => {
    expect(messageFor({ ...rsa.privateJwk, key_ops: ['encrypt'] })).toBe(
      'key_ops must allow decryption: add the operation, or remove key_ops',
    );
    expect(messageFor({ ...rsa.publicJwk, key_ops: ['decrypt'] })).toBe(
      'key_ops must allow encryption: add the operation, or remove key_ops',
    );
  });
});

describe('a key for key agreement', () => {
  test.each([[['deriveKey']], [['deriveBits']], [['deriveBits', 'deriveKey']]])(
    'is accepted with key_ops %j, and is not a root',
    (keyOps) => {
      for (const { privateJwk } of [p256, p384]) {
        expect(parseKey({ ...privateJwk, key_ops: keyOps }).privateKey).toBeDefined();
      }
    },
  );

  test('that is public may have the empty key_ops with which WebCrypto exports it, one that is private not', () => {
    expect(parseKey({ ...p256.publicJwk, key_ops: [] }).encrypts).toBe(true);
    expect(messageFor({ ...p256.privateJwk, key_ops: [] })).toBe(
      'key_ops must allow decryption: add the operation, or remove key_ops',
    );
  });

  test.each<[AgreementCurve, Jwk]>([
    ['P-256', p256.publicJwk],
    ['P-384', p384.publicJwk],
    ['X25519', x25519.publicJwk],
  ])('on %s says so', (curve, jwk) => {
    expect(parseKey(jwk)).toMatchObject({ curve });
  });

  test.each(['P-256', 'P-384'] as const)('with a point that is not on %s is rejected', (curve) => {
    const { publicJwk } = generateRecipient('ECDH-ES', {}, curve);
    const bytes = curve === 'P-256' ? 32 : 48;
    for (const point of [
      { y: filled(bytes) },
      { x: filled(bytes, 0), y: filled(bytes, 0) },
      { y: publicJwk['x'] },
    ]) {
      expect(messageFor({ ...publicJwk, ...point })).toBe(
        `the JWK is not a valid ${curve} key: x and y are not a point on the curve; export the key again`,
      );
    }
  });

  test.each([
    ['zero', filled(32, 0)],
    ['one', `AQ${'A'.repeat(41)}`],
    ['of order 8', '4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA'],
  ])('with the X25519 point %s is rejected', (_name, x) => {
    expect(messageFor({ ...x25519.publicJwk, x })).toBe(
      'the JWK is not a valid X25519 key: x is not a valid public key on this curve; generate a new key pair',
    );
  });

  test.each([31, 33])('with an X25519 point of %i bytes is rejected', (bytes) => {
    expect(messageFor({ ...x25519.publicJwk, x: filled(bytes) })).toBe(
      'the JWK is not a valid X25519 key: x must be 32 bytes in base64url without padding (43 characters)',
    );
  });
});

describe('the matrix of alg, kty and crv', () => {
  const JWKS: readonly Jwk[] = [
    rsa.publicJwk,
    p256.publicJwk,
    p384.publicJwk,
    x25519.publicJwk,
    generateEc('P-521').publicJwk,
    generateEc('secp256k1').publicJwk,
    generateOkp('ed25519').publicJwk,
    generateOkp('x448').publicJwk,
    generateOkp('ed448').publicJwk,
    { kty: 'oct', k: filled(31).concat('A') },
    { ...p256.publicJwk, kty: 'OKP' },
    { ...x25519.publicJwk, kty: 'EC' },
    { ...p256.publicJwk, crv: 'P-384' },
    { ...p256.publicJwk, crv: 'p-256' },
    { ...p256.publicJwk, crv: undefined },
    { ...rsa.publicJwk, kty: 'rsa' },
    { ...rsa.publicJwk, kty: undefined },
  ];

  /** The key types that each algorithm takes, `kty` and `crv`. */
  const TAKEN: Readonly<Record<string, readonly string[]>> = {
    A256GCM: ['oct'],
    A256KW: ['oct'],
    A256GCMKW: ['oct'],
    'RSA-OAEP-256': ['RSA'],
    'ECDH-ES': ['EC P-256', 'EC P-384', 'OKP X25519'],
    'ECDH-ES+A256KW': ['EC P-256', 'EC P-384', 'OKP X25519'],
  };

  test.each(Object.keys(TAKEN))('for %s has its own members and no others', (alg) => {
    const taken = JWKS.filter((jwk) => isTaken({ ...jwk, kid: 'a', alg }));
    const names = taken.map(({ kty, crv }) => [kty, crv].filter(Boolean).join(' '));
    expect([...new Set(names)].sort()).toEqual(TAKEN[alg]);
  });

  test.each([
    ...['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-384', 'RSA-OAEP-512', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-1PU'],
    ...['A128KW', 'A192KW', 'A128GCMKW', 'A192GCMKW', 'PBES2-HS512+A256KW', 'HPKE-0', 'none', '', 'toString'],
    ...['RS256', 'ES256', 'EdDSA'],
  ])('does not support %s for any key', (alg) => {
    expect(JWKS.filter((jwk) => isTaken({ ...jwk, kid: 'a', alg }))).toEqual([]);
  });
});

function isTaken(jwk: Jwk): boolean {
  try {
    parseJwk(jwk);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

describe('a shared key that wraps others', () => {
  const k = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64url');
  const shared = { kty: 'oct', kid: 'shared', k };

  test.each([
    ['A256KW', { key_ops: ['wrapKey', 'unwrapKey'] }, true],
    ['A256KW', { key_ops: ['unwrapKey'] }, false],
    ['A256GCMKW', { key_ops: ['wrapKey', 'unwrapKey'] }, true],
    ['A256GCMKW', { key_ops: ['encrypt', 'decrypt'], use: 'enc' }, true],
    ['A256GCMKW', { key_ops: ['decrypt'] }, false],
    ['A256GCMKW', { enc: 'A128GCM' }, true],
  ])('for %s, with %j, encrypts: %j', (alg, members, encrypts) => {
    expect(parseJwk({ ...shared, alg, ...members })).toMatchObject({
      key: { alg, encrypts, enc: expect.any(String) },
    });
  });

  test.each([
    ['A256KW', { key_ops: ['encrypt', 'decrypt'] }],
    ['A256KW', { key_ops: ['wrapKey'] }],
    ['A256KW', { use: 'sig' }],
    ['A256KW', { enc: 'A256CBC-HS512' }],
    ['A256KW', { kid: undefined }],
    ['A256KW', { k: filled(32, 0) }],
    ['A256KW', { k: k.slice(0, 22) }],
    ['A256GCMKW', { k: `${k}${k}` }],
    ['A256GCMKW', { key_ops: ['deriveBits'] }],
    ['A256GCM', { enc: 'A128GCM' }],
  ])('for %s is rejected with %j', (alg, members) => {
    expect(isTaken({ ...shared, alg, ...members })).toBe(false);
  });
});
