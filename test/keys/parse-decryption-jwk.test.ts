import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Jwk } from '../../src/keys/jwk.js';
import { jwkThumbprint } from '../../src/keys/jwk-thumbprint.js';
import { parseDecryptionJwk } from '../../src/keys/parse-decryption-jwk.js';
import { parseDecryptionJwkSet } from '../../src/keys/parse-decryption-jwk-set.js';
import { thrownBy } from '../support/caught.js';
import { generateEc, generateOkp, generateRsa, generateSigner, type JwkPair } from '../support/key-pairs.js';
import { encodeInteger } from '../support/rsa-numbers.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const rsa = generateRsa({ kid: 'rsa' });
const p521 = generateEc('P-521', { kid: 'p521' });
const x25519 = generateOkp('x25519', { kid: 'x25519' });
const P521_ORDER =
  0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n;

function oct(bytes: number, members: Jwk = {}): Jwk {
  return { kty: 'oct', kid: 'oct', k: randomBytes(bytes).toString('base64url'), ...members };
}

function faultOf(jwk: Jwk): string {
  const error = thrownBy(() => parseDecryptionJwk(jwk));
  return error instanceof TypeError ? error.message : `not a TypeError: ${error}`;
}

/** Combinations of keys and members whose acceptance is not the expected one. */
function surprises(keys: readonly (readonly [Jwk, boolean])[]): readonly Jwk[] {
  return keys.filter(([jwk, isTaken]) => wouldParse(jwk) !== isTaken).map(([jwk]) => jwk);
}

function wouldParse(jwk: Jwk): boolean {
  try {
    return parseDecryptionJwk(jwk) !== undefined;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

describe('a private key', () => {
  const PAIRS: readonly (readonly [name: string, JwkPair, expected: object])[] = [
    ['RSA', rsa, { type: 'RSA' }],
    ['P-256', generateEc('P-256', { kid: 'p256' }), { type: 'agreement', curve: 'P-256' }],
    ['P-384', generateEc('P-384', { kid: 'p384' }), { type: 'agreement', curve: 'P-384' }],
    ['P-521', p521, { type: 'agreement', curve: 'P-521' }],
    ['X25519', x25519, { type: 'agreement', curve: 'X25519' }],
  ];

  test.each(PAIRS)('of %s is parsed without alg, and frozen', (_name, { privateJwk }, expected) => {
    const key = parseDecryptionJwk(privateJwk);

    expect(key).toMatchObject({ ...expected, kid: privateJwk['kid'] });
    expect(Object.keys(key)).not.toEqual(expect.arrayContaining(['alg']));
    expect(Object.isFrozen(key)).toBe(true);
  });

  test.each(PAIRS)('of %s is rejected if it is public', (_name, { publicJwk }) => {
    expect(faultOf(publicJwk)).toBe(
      'a decryption key must be a private JWK, but this one is public: export it with d',
    );
  });

  test('is pinned to alg and enc', () => {
    expect(
      parseDecryptionJwk({ ...rsa.privateJwk, alg: 'RSA-OAEP-512', enc: 'A128CBC-HS256' }),
    ).toMatchObject({ alg: 'RSA-OAEP-512', enc: 'A128CBC-HS256' });
  });

  test('has only an alg of its type', () => {
    const wrong = ['RSA1_5', 'dir', 'ECDH-ES', 'A256KW', 'PBES2-HS256+A128KW', 'A256GCM', 'RS256', '', 7];
    for (const alg of wrong) {
      expect(faultOf({ ...rsa.privateJwk, alg })).toBe(
        'alg must be one of RSA-OAEP, RSA-OAEP-256, RSA-OAEP-384, RSA-OAEP-512 for this type of key: correct or remove alg',
      );
    }
    expect(faultOf({ ...x25519.privateJwk, alg: 'RSA-OAEP' })).toMatch(/^alg must be one of ECDH-ES, /);
  });

  test('has only a known enc', () => {
    expect(faultOf({ ...rsa.privateJwk, enc: 'A256' })).toMatch(
      /^enc must be one of A128GCM, .*A256CBC-HS512/,
    );
  });

  test('is rejected if use or key_ops forbids decryption', () => {
    expect(faultOf({ ...rsa.privateJwk, use: 'sig' })).toMatch(/^use must be "enc"/);
    expect(faultOf({ ...rsa.privateJwk, key_ops: ['encrypt', 'wrapKey'] })).toMatch(
      /^key_ops must allow decryption/,
    );
    expect(faultOf({ ...x25519.privateJwk, key_ops: [] })).toMatch(/^key_ops must allow decryption/);
    expect(faultOf({ ...x25519.privateJwk, key_ops: ['decrypt'] })).toMatch(/^key_ops may contain only/);
  });

  test('is accepted if use and key_ops allow decryption', () => {
    expect(
      surprises([
        [{ ...rsa.privateJwk, use: 'enc', key_ops: ['unwrapKey'] }, true],
        [{ ...rsa.privateJwk, key_ops: ['decrypt', 'encrypt'] }, true],
        [{ ...x25519.privateJwk, key_ops: ['deriveBits'] }, true],
      ]),
    ).toEqual([]);
  });

  test('is rejected on curves and types without encryption', () => {
    for (const pair of [generateEc('secp256k1'), generateOkp('ed25519'), generateOkp('x448')]) {
      expect(faultOf(pair.privateJwk)).toMatch(
        /^the key must be on the curve P-256 or P-384 or P-521 or X25519/,
      );
    }
    expect(faultOf({ kty: 'AKP' })).toBe('kty must be one of RSA, EC, OKP, oct: pass a key of this type');
  });

  test('is rejected if it is weak or malformed', () => {
    const weak = generateRsa({ kid: 'weak' }, 1024).privateJwk;
    expect(faultOf(weak)).toBe('the JWK is not a valid RSA key: n must have 2048 to 8192 bits');
    expect(faultOf({ ...rsa.privateJwk, e: 'Aw' })).toMatch(/e must be odd, at least 65537/);
    expect(faultOf({ ...rsa.privateJwk, d: generateRsa().privateJwk['d'] })).toMatch(
      /^the private key of the RSA/,
    );
    expect(faultOf({ ...x25519.privateJwk, x: Buffer.alloc(32).toString('base64url') })).toMatch(
      /not a valid X25519/,
    );
  });
});

describe('a key on P-521', () => {
  const { privateJwk } = p521;

  test('is accepted for each of 50 generated pairs', () => {
    const keys = Array.from({ length: 50 }, () => generateEc('P-521', { kid: 'a' }).privateJwk);

    expect(surprises(keys.map((jwk) => [jwk, true] as const))).toEqual([]);
  });

  test.each(['x', 'y', 'd'])('whose %s has another length is rejected', (member) => {
    for (const length of [65, 67]) {
      const jwk = { ...privateJwk, [member]: Buffer.alloc(length, 1).toString('base64url') };
      expect(faultOf(jwk)).toMatch(/must be 66 bytes in base64url without padding \(88 characters\)$/);
    }
  });

  test('that is not on the curve is rejected', () => {
    expect(faultOf({ ...privateJwk, y: privateJwk['x'] })).toMatch(/x and y are not a point on the curve/);
  });

  const withScalar = (value: bigint): Jwk => {
    const encoded = Buffer.from(encodeInteger(value), 'base64url');
    const d = Buffer.concat([Buffer.alloc(66 - encoded.length), encoded]);
    return { ...privateJwk, d: d.toString('base64url') };
  };

  test.each([0n, P521_ORDER, P521_ORDER + 1n])('whose d is %i is rejected', (value) => {
    expect(faultOf(withScalar(value))).toMatch(
      /d must be greater than 0 and less than the order of the curve/,
    );
  });

  test('whose d belongs to a different key is rejected, also the largest d', () => {
    expect(faultOf(withScalar(P521_ORDER - 1n))).toMatch(/does not match its public key/);
  });
});

describe('a symmetric key', () => {
  test('without alg has the length of any algorithm', () => {
    const lengths = [8, 15, 16, 24, 32, 33, 48, 64, 65].map(
      (bytes) => [oct(bytes), [16, 24, 32, 48, 64].includes(bytes)] as const,
    );

    expect(surprises(lengths)).toEqual([]);
  });

  test('has the length of its alg and enc', () => {
    expect(
      surprises([
        [oct(16, { alg: 'A128KW' }), true],
        [oct(32, { alg: 'A128KW' }), false],
        [oct(24, { alg: 'A192KW', enc: 'A256GCM' }), true],
        [oct(64, { alg: 'A256KW' }), false],
        [oct(64, { alg: 'dir', enc: 'A256CBC-HS512' }), true],
        [oct(32, { alg: 'dir', enc: 'A256CBC-HS512' }), false],
        [oct(48, { alg: 'dir' }), true],
        [oct(33, { alg: 'dir' }), false],
      ]),
    ).toEqual([]);
  });

  test('with an enc as alg is a key for dir with this enc', () => {
    expect(parseDecryptionJwk(oct(32, { alg: 'A256GCM' }))).toMatchObject({ alg: 'dir', enc: 'A256GCM' });
    expect(parseDecryptionJwk(oct(32, { alg: 'A256GCM' }), { alg: 'dir' })).toMatchObject({ alg: 'dir' });
    expect(faultOf(oct(32, { alg: 'A256GCM', enc: 'A128CBC-HS256' }))).toMatch(
      /^enc has two different values/,
    );
  });

  test('has only an alg for symmetric keys', () => {
    expect(faultOf(oct(32, { alg: 'HS256' }))).toMatch(
      /^alg must be one of dir, A128KW, A192KW, A256KW, A128GCM/,
    );
    expect(faultOf(oct(32, { alg: 'RSA-OAEP' }))).toMatch(/^alg must be one of dir/);
  });

  test('is rejected if it is malformed, a placeholder or a root', () => {
    expect(faultOf({ kty: 'oct' })).toBe('k must be base64url without padding: export the JWK again');
    expect(faultOf(oct(32, { k: Buffer.alloc(32, 7).toString('base64url') }))).toMatch(/^k must be random/);
    expect(faultOf(oct(32, { key_ops: ['deriveKey'] }))).toMatch(/^key_ops may contain only decrypt/);
  });

  test('is not shown in the message for a wrong length', () => {
    const jwk = oct(33);
    expect(faultOf(jwk)).toBe(
      'k must be 16 or 24 or 32 or 48 or 64 bytes for this alg and enc, not 33: generate a key of this length',
    );
  });
});

describe('members of the location', () => {
  const { kid, ...unnamed } = rsa.privateJwk;

  test('the kid defaults to the thumbprint, also of a symmetric key', () => {
    const { kid: _, ...shared } = oct(32);

    expect(parseDecryptionJwk(unnamed).kid).toBe(jwkThumbprint(unnamed));
    expect(parseDecryptionJwk(shared).kid).toBe(jwkThumbprint(shared));
  });

  test('are used for a key that does not have them', () => {
    const defaults = { kid: 'named', alg: 'RSA-OAEP', enc: 'A128GCM', notAfter: NOW } as const;

    expect(parseDecryptionJwk(unnamed, defaults)).toMatchObject(defaults);
  });

  test('must not contradict the JWK', () => {
    const jwk = { ...rsa.privateJwk, alg: 'RSA-OAEP', enc: 'A128GCM' };

    expect(() => parseDecryptionJwk(jwk, { alg: 'RSA-OAEP-256' })).toThrow(/^alg has two different values/);
    expect(() => parseDecryptionJwk(jwk, { enc: 'A256GCM' })).toThrow(/^enc has two different values/);
    expect(() => parseDecryptionJwk(jwk, { kid: 'other' })).toThrow(/^kid has two different values/);
    expect(parseDecryptionJwk(jwk, { kid: 'rsa', alg: 'RSA-OAEP' })).toMatchObject({ enc: 'A128GCM' });
  });

  test('are validated like those of a JWK', () => {
    const defaults = untyped([{ kid: 'a b' }, { alg: 'none' }, { enc: 'none' }, { notAfter: 1e12 }]);
    const faults = defaults.map((each: object) => thrownBy(() => parseDecryptionJwk(unnamed, each)));

    expect(String(faults)).toMatch(/kid must be.*alg must be one of.*enc must be one of.*notAfter must be/);
  });

  test('the earlier of notAfter and exp ends the key', () => {
    const jwk = { ...rsa.privateJwk, exp: NOW };

    expect(parseDecryptionJwk(jwk).notAfter).toBe(NOW);
    expect(parseDecryptionJwk(jwk, { notAfter: NOW + 1 }).notAfter).toBe(NOW);
    expect(parseDecryptionJwk(jwk, { notAfter: NOW - 1 }).notAfter).toBe(NOW - 1);
  });
});

describe('a JWK Set', () => {
  const signing = { ...generateSigner('RS256').privateJwk, use: 'sig' };

  test('is parsed in order, without its signature keys', () => {
    const keys = parseDecryptionJwkSet({ keys: [x25519.privateJwk, signing, rsa.privateJwk] });

    expect(keys.map(({ kid }) => kid)).toEqual(['x25519', 'rsa']);
  });

  test('without a decryption key is rejected', () => {
    for (const keys of [[], [signing]]) {
      expect(() => parseDecryptionJwkSet({ keys })).toThrow(/^the JWK Set has no decryption key/);
    }
    expect(() => parseDecryptionJwkSet(untyped({}))).toThrow(/^the JWK Set must have an array "keys"/);
  });

  test('names the faulty key by its index', () => {
    expect(() => parseDecryptionJwkSet({ keys: [rsa.privateJwk, x25519.publicJwk] })).toThrow(
      /^keys\[1\]: a decryption key must be a private JWK/,
    );
    expect(() => parseDecryptionJwkSet(untyped({ keys: [null] }))).toThrow(/^keys\[0\]: the JWK must be/);
  });
});
