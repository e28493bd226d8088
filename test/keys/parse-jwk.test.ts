import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { deriveKid } from '../../src/keys/derive-content-key.js';
import { assertKid, type Jwk, parseJwk } from '../../src/keys/parse-jwk.js';
import { direct, secretOfMaterial } from '../support/symmetric-key.js';
import { NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const k = secretOf(1).toString('base64url');
const contentKey = { kty: 'oct', kid: 'one', alg: 'A256GCM', k };
const root = { kty: 'oct', kid: 'one', key_ops: ['deriveKey'], k };

function parseKey(jwk: Jwk) {
  const material = parseJwk(jwk);
  if (material.kind !== 'key') throw new Error('A root came back');
  return material.key;
}

describe('parseJwk', () => {
  test.each([
    ['A128GCM', 16, 'A128GCM'],
    ['A192GCM', 24, 'A192GCM'],
    ['A256GCM', 32, 'A256GCM'],
    ['dir', 16, 'A128GCM'],
    ['dir', 24, 'A192GCM'],
    ['dir', 32, 'A256GCM'],
  ])('parses alg %s with %i bytes as an underived key for %s', (alg, length, enc) => {
    const bytes = secretOf(1).subarray(0, length);
    const key = parseKey({ ...contentKey, alg, k: bytes.toString('base64url') });
    expect(key).toMatchObject({ kid: 'one', alg: 'dir', enc, purpose: 'access', encrypts: true });
    expect(direct(key).secret.export()).toEqual(bytes);
    expect(Object.isFrozen(key)).toBe(true);
  });

  test('parses key_ops deriveKey as a root', () => {
    const material = parseJwk(root);
    expect(material).toMatchObject({ kind: 'root', root: { kid: 'one' } });
    expect(secretOfMaterial(material).export()).toEqual(secretOf(1));
  });

  test('names a root that has no kid by its secret', () => {
    const { kid: _kid, ...unnamed } = root;
    expect(parseJwk(unnamed)).toMatchObject({
      root: { kid: deriveKid(createSecretKey(secretOf(1))) },
    });
  });

  test.each([
    [{ use: 'enc' }, true],
    [{ key_ops: ['encrypt', 'decrypt'] }, true],
    [{ use: 'enc', key_ops: ['decrypt', 'encrypt'] }, true],
    [{ key_ops: ['decrypt'] }, false],
  ])('reads from %j whether the key encrypts: %j', (members, encrypts) => {
    expect(parseKey({ ...contentKey, ...members }).encrypts).toBe(encrypts);
  });

  test('reads exp as the end of a key and of a root', () => {
    expect(parseJwk({ ...contentKey, exp: NOW })).toMatchObject({ key: { notAfter: NOW } });
    expect(parseJwk({ ...root, exp: NOW })).toMatchObject({ root: { notAfter: NOW } });
  });

  test('reads nbf as the begin of a key and of a root', () => {
    expect(parseJwk({ ...contentKey, nbf: NOW })).toMatchObject({ key: { notBefore: NOW } });
    expect(parseJwk({ ...root, nbf: NOW })).toMatchObject({ root: { notBefore: NOW } });
  });

  test('reads no start and no expiry if there is none', () => {
    const members = ['notBefore', 'notAfter'].filter((name) => Object.hasOwn(parseKey(contentKey), name));
    expect(members).toEqual([]);
  });

  describe.each(['nbf', 'exp'])('rejects %s', (name) => {
    test.each([['1893456000'], [null], [Number.NaN], [Number.POSITIVE_INFINITY], [{}]])('%p', (value) => {
      expect(() => parseJwk({ ...contentKey, [name]: value })).toThrow(
        new TypeError(
          `${name} must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600`,
        ),
      );
    });
  });

  test('reads aud as the one audience of a key', () => {
    expect(parseKey({ ...contentKey, aud: 'https://a.example' }).audience).toBe('https://a.example');
    expect(Object.hasOwn(parseKey(contentKey), 'audience')).toBe(false);
  });

  test.each([[''], [7], [null], [['https://a.example']]])('rejects aud %j', (aud) => {
    expect(() => parseJwk({ ...contentKey, aud })).toThrow(
      new TypeError(
        'aud must be a non-empty string with one audience, for example "https://api.example.com"',
      ),
    );
  });

  test.each([[null], ['text'], [7], [undefined]])('rejects %j: not a JSON object', (value) => {
    const [jwk] = value === undefined ? [undefined] : untyped([value]);
    expect(() => parseJwk(jwk)).toThrow(
      new TypeError('the JWK must be a JSON object, for example { "kty": "oct", "kid": "2026-01", ... }'),
    );
  });

  test.each([['RSA'], ['EC'], ['OKP'], ['OCT'], [''], [null], [undefined], [['oct']]])(
    'rejects kty %j',
    (kty) => {
      expect(() => parseJwk({ ...contentKey, kty })).toThrow(
        new TypeError('kty must be "oct" for this alg: pass a symmetric key, or correct alg'),
      );
    },
  );

  test.each([
    ['A128CBC-HS256'],
    ['A256CBC-HS512'],
    ['A128KW'],
    ['A192GCMKW'],
    ['RSA-OAEP'],
    ['ECDH-ES+A128KW'],
    ['PBES2-HS256+A128KW'],
    ['RSA1_5'],
    ['HS256'],
    ['none'],
    ['DIR'],
    ['a256gcm'],
    ['toString'],
    ['__proto__'],
    [''],
    [null],
    [undefined],
    [['A256GCM']],
  ])('rejects alg %j: off the allow-list', (alg) => {
    expect(() => parseJwk({ ...contentKey, alg })).toThrow(
      /^alg must be one of dir, A128GCM, A192GCM, A256GCM, A256KW, A256GCMKW, RSA-OAEP-256, ECDH-ES, ECDH-ES\+A256KW: set the algorithm/,
    );
  });

  test.each([
    ['A128GCM', 32],
    ['A128GCM', 15],
    ['A192GCM', 16],
    ['A256GCM', 16],
    ['A256GCM', 31],
    ['A256GCM', 33],
    ['dir', 15],
    ['dir', 20],
    ['dir', 64],
  ])('rejects alg %s with %i bytes', (alg, length) => {
    const bytes = Buffer.alloc(length, 'ab');
    expect(() => parseJwk({ ...contentKey, alg, k: bytes.toString('base64url') })).toThrow(
      /must (be|hold) .*bytes/,
    );
  });

  test.each([
    ['A256KW', 16],
    ['A256GCMKW', 33],
  ])('rejects alg %s with %i bytes, and names the algorithm', (alg, length) => {
    const bytes = Buffer.alloc(length, 'ab');
    expect(() => parseJwk({ ...contentKey, alg, k: bytes.toString('base64url') })).toThrow(
      new TypeError(
        `the key for ${alg} must be 32 bytes (256 bits), not ${length}: generate one, for example with openssl rand -hex 32`,
      ),
    );
  });

  test.each(['A256GCM', 'dir'])(
    'accepts the enc that alg %s and the length imply, and rejects others',
    (alg) => {
      expect(parseKey({ ...contentKey, alg, enc: 'A256GCM' }).enc).toBe('A256GCM');
      for (const enc of ['A128GCM', null]) {
        expect(() => parseJwk({ ...contentKey, alg, enc })).toThrow(
          new TypeError('enc must be A256GCM, to match alg or the length of k: correct or remove enc'),
        );
      }
    },
  );

  test.each([16, 31, 33, 64])('rejects a root of %i bytes', (length) => {
    expect(() => parseJwk({ ...root, k: Buffer.alloc(length, 'ab').toString('base64url') })).toThrow(
      new TypeError(
        `the root secret must be 32 bytes (256 bits), not ${length}: generate one, for example with openssl rand -hex 32`,
      ),
    );
  });

  test.each([
    ['a key', contentKey],
    ['a root', root],
  ])('rejects %s whose bytes are all equal', (_kind, jwk) => {
    for (const byte of [0, 7]) {
      const equal = Buffer.alloc(32, byte).toString('base64url');
      expect(() => parseJwk({ ...jwk, k: equal })).toThrow(/must be random, but all bytes are equal/);
    }
  });

  test.each([
    ['padded', `${k}=`],
    ['non-canonical in the last character', `${k.slice(0, -1)}9`],
    ['with white space', `${k.slice(0, 20)} ${k.slice(20)}`],
    ['with a line end', `${k}\n`],
    ['in the +/ alphabet', Buffer.from('fbff'.repeat(16), 'hex').toString('base64').replace('=', '')],
    ['with a foreign character', `${k.slice(0, -1)}!`],
    ['empty', ''],
    ['a number', 7],
    ['bytes', secretOf(1)],
    ['null', null],
    ['missing', undefined],
  ])('rejects k that is %s', (_how, value) => {
    expect(() => parseJwk({ ...contentKey, k: value })).toThrow(
      new TypeError('k must be base64url without padding: export the JWK again'),
    );
  });

  test('rejects the key of the seed: its derived bytes as base64 text of 44 characters', () => {
    const text = secretOf(1).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    expect(text).toHaveLength(44);
    expect(() => parseJwk({ ...contentKey, k: text })).toThrow(TypeError);
    expect(() => parseJwk({ ...contentKey, k: Buffer.from(text).toString('base64url') })).toThrow(
      new TypeError(
        'the key for A256GCM must be 32 bytes (256 bits), not 44: generate one, for example with openssl rand -hex 32',
      ),
    );
  });

  test('rejects a key without kid', () => {
    expect(() => parseJwk({ kty: 'oct', alg: 'A256GCM', k })).toThrow(
      new TypeError('kid is required: add a unique key ID to the JWK, for example "2026-01"'),
    );
  });

  test.each([
    ['a key', contentKey],
    ['a root', root],
  ])('rejects a malformed kid of %s', (_kind, jwk) => {
    expect(() => parseJwk({ ...jwk, kid: 'a b' })).toThrow(/^kid must be/);
  });

  test.each([['sig'], [''], [null], [['enc']]])('rejects use %j', (use) => {
    expect(() => parseJwk({ ...contentKey, use })).toThrow(
      new TypeError('use must be "enc": pass a key for this purpose, or remove use from the JWK'),
    );
  });

  test.each([
    [['sign', 'verify']],
    [['wrapKey', 'unwrapKey']],
    [['decrypt', 'sign']],
    [['decrypt', 'decrypt']],
    [['decrypt', 7]],
  ])('rejects key_ops %j: for another purpose or duplicate', (keyOps) => {
    expect(() => parseJwk({ ...contentKey, key_ops: keyOps })).toThrow(
      new TypeError(
        'key_ops must be distinct operations from encrypt, decrypt: remove the others, or remove key_ops',
      ),
    );
  });

  test.each([
    ['A256KW', 'wrapKey, unwrapKey'],
    ['A256GCMKW', 'wrapKey, unwrapKey, encrypt, decrypt'],
  ])('for a key for %s, rejects key_ops other than %s', (alg, allowed) => {
    expect(() => parseJwk({ ...contentKey, alg, key_ops: ['sign'] })).toThrow(
      new TypeError(
        `key_ops must be distinct operations from ${allowed}: remove the others, or remove key_ops`,
      ),
    );
  });

  test.each([[['encrypt']], [[]]])('rejects key_ops %j: no decrypt', (keyOps) => {
    expect(() => parseJwk({ ...contentKey, key_ops: keyOps })).toThrow(
      new TypeError('key_ops must allow decryption: add the operation, or remove key_ops'),
    );
  });

  test.each([['decrypt'], [{}], [7]])('rejects key_ops %j: not an array', (keyOps) => {
    expect(() => parseJwk({ ...contentKey, key_ops: keyOps })).toThrow(
      new TypeError(
        'key_ops must be an array of operations from encrypt, decrypt: correct it, or remove key_ops',
      ),
    );
  });

  test.each([
    [{ key_ops: ['deriveKey', 'decrypt'] }],
    [{ key_ops: ['deriveKey', 'deriveKey'] }],
    [{ use: 'enc' }],
    [{ alg: 'A256GCM' }],
    [{ alg: 'dir' }],
  ])('rejects a root with other uses than derivation: %j', (members) => {
    expect(() => parseJwk({ ...root, ...members })).toThrow(
      new TypeError('a root (key_ops "deriveKey") must not have other key_ops, use or alg: remove them'),
    );
  });
});

describe('assertKid', () => {
  test.each([['a'], ['2030-01'], ['A-Z.a~z_0:9'], ['k'.repeat(128)]])('takes %j', (kid) => {
    expect(() => assertKid(kid)).not.toThrow();
  });

  test.each([
    [''],
    ['k'.repeat(129)],
    ['a b'],
    ['a\n'],
    ['\u0000'],
    ['é'],
    ['"'],
    ['../key'],
    [7],
    [null],
    [undefined],
    [['a']],
  ])('rejects %j', (kid) => {
    expect(() => assertKid(kid)).toThrow(
      new TypeError(
        'kid must be a string of 1 to 128 characters from A-Z a-z 0-9 . _ ~ : -, for example "2026-01"',
      ),
    );
  });
});
