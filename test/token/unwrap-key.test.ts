import {
  constants,
  createCipheriv,
  createSecretKey,
  KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TokenKeyManagement } from '../../src/token/encrypted-key-bytes.js';
import { type UnwrappingKey, unwrapKey, type WrappedKey } from '../../src/token/unwrap-key.js';
import { thrownBy } from '../support/caught.js';
import { createAgreementCodecKey, createRsaCodecKey, createSecretCodecKey } from '../support/codec-cases.js';
import { failuresOf } from '../support/failures-of.js';

const RSA = createRsaCodecKey();
const P256 = createAgreementCodecKey('P-256');
const SECRET = createSecretCodecKey(32);
const CEK = randomBytes(32);
const OAEP = { key: RSA.sealer, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };

function wrapAes(cek: Uint8Array, kek: KeyObject): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(cek), cipher.final()]);
}

function flipped(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy[9] = (copy[9] ?? 0) ^ 1;
  return copy;
}

/** The content encryption key in hexadecimal. */
function unwrap(alg: TokenKeyManagement, encryptedKey: Uint8Array, others: Partial<WrappedKey> = {}): string {
  const key = alg.startsWith('RSA') ? RSA.key : SECRET.key;
  const contentKey = unwrapKey({ alg, enc: 'A256GCM', key, header: {}, encryptedKey, ...others });
  const bytes = contentKey instanceof KeyObject ? contentKey.export() : contentKey;
  return Buffer.from(bytes).toString('hex');
}

const SECRET_KEY = createSecretKey(Buffer.from(String(SECRET.jwk['k']), 'base64url'));

test('the content encryption key is unwrapped', () => {
  expect(unwrap('RSA-OAEP-256', publicEncrypt(OAEP, CEK))).toBe(CEK.toString('hex'));
  expect(unwrap('A256KW', wrapAes(CEK, SECRET_KEY))).toBe(CEK.toString('hex'));
});

test('AES key wrap unwraps the vectors of RFC 3394 §4.3 to §4.6', () => {
  const secretOf = (hex: string): UnwrappingKey => ({
    type: 'secret',
    secret: createSecretKey(Buffer.from(hex, 'hex')),
  });
  const kek = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
  const data = '00112233445566778899aabbccddeeff0001020304050607';
  const wrapped = 'a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1';
  expect(unwrap('A256KW', Buffer.from(wrapped, 'hex'), { enc: 'A192GCM', key: secretOf(kek) })).toBe(data);
  expect(
    unwrap('A128KW', Buffer.from('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5', 'hex'), {
      enc: 'A128GCM',
      key: secretOf(kek.slice(0, 32)),
    }),
  ).toBe(data.slice(0, 32));
});

describe('a random key of the right length replaces the content encryption key', () => {
  const wrongLength = (bytes: number) => publicEncrypt(OAEP, randomBytes(bytes));
  const other = createRsaCodecKey();
  const CASES: readonly (readonly [name: string, alg: TokenKeyManagement, encryptedKey: Buffer])[] = [
    ['RSA-OAEP-256, altered', 'RSA-OAEP-256', flipped(publicEncrypt(OAEP, CEK))],
    ['RSA-OAEP-256, zero', 'RSA-OAEP-256', Buffer.alloc(256)],
    ['RSA-OAEP-256, larger than the modulus', 'RSA-OAEP-256', Buffer.alloc(256, 0xff)],
    ['RSA-OAEP-256 for another key', 'RSA-OAEP-256', publicEncrypt({ ...OAEP, key: other.sealer }, CEK)],
    ['RSA-OAEP-256 with SHA-1', 'RSA-OAEP-256', publicEncrypt({ ...OAEP, oaepHash: 'sha1' }, CEK)],
    ['RSA-OAEP with SHA-256', 'RSA-OAEP', publicEncrypt(OAEP, CEK)],
    ['RSA-OAEP-384 with SHA-512', 'RSA-OAEP-384', publicEncrypt({ ...OAEP, oaepHash: 'sha512' }, CEK)],
    ['RSA-OAEP-512 with SHA-384', 'RSA-OAEP-512', publicEncrypt({ ...OAEP, oaepHash: 'sha384' }, CEK)],
    [
      'RSA-OAEP-256 with a label',
      'RSA-OAEP-256',
      publicEncrypt({ ...OAEP, oaepLabel: Buffer.from('label') }, CEK),
    ],
    [
      'RSAES-PKCS1-v1_5',
      'RSA-OAEP-256',
      publicEncrypt({ key: RSA.sealer, padding: constants.RSA_PKCS1_PADDING }, CEK),
    ],
    ...[0, 1, 16, 31, 33, 64, 190].map(
      (bytes) => [`RSA-OAEP-256 with ${bytes} bytes`, 'RSA-OAEP-256', wrongLength(bytes)] as const,
    ),
    ['A256KW, altered', 'A256KW', flipped(wrapAes(CEK, SECRET_KEY))],
    ['A256KW, zero', 'A256KW', Buffer.alloc(40)],
    ['A256KW under another key', 'A256KW', wrapAes(CEK, createSecretKey(randomBytes(32)))],
    ['A128KW under a key of 32 bytes', 'A128KW', wrapAes(CEK, SECRET_KEY)],
  ];

  test('if unwrapping fails, or yields another length', async () => {
    const failures = await failuresOf(
      CASES.map(([name]) => name),
      (name) => {
        const [, alg = 'dir', encryptedKey = CEK] = CASES.find(([each]) => each === name) ?? [];
        const [first, second] = [unwrap(alg, encryptedKey), unwrap(alg, encryptedKey)];
        expect([first.length, second.length]).toEqual([64, 64]);
        expect(new Set([first, second, CEK.toString('hex')]).size).toBe(3);
      },
    );
    expect(failures).toEqual([]);
  });

  test('if the shared secret has another length than enc requires', () => {
    const direct = unwrap('dir', Buffer.alloc(0), { enc: 'A128CBC-HS256' });
    expect(direct).toBe(SECRET_KEY.export().toString('hex'));
    const replaced = unwrap('dir', Buffer.alloc(0), { enc: 'A256CBC-HS512' });
    expect(replaced).toHaveLength(128);
    expect(replaced).not.toContain(direct);
  });
});

describe('a token is rejected', () => {
  test.each<[TokenKeyManagement, number]>([
    ['dir', 1],
    ['A128KW', 32],
    ['A256KW', 48],
    ['A256GCMKW', 40],
    ['RSA-OAEP-256', 255],
    ['RSA-OAEP', 257],
    ['RSA-OAEP-512', 0],
  ])('if the encrypted key for %s has %i bytes', (alg, bytes) => {
    expect(thrownBy(() => unwrap(alg, Buffer.alloc(bytes)))).toMatchObject({ reason: 'encrypted_key' });
  });

  test('if alg is for another type of key', async () => {
    const { kty, crv, x, y } = P256.sealer.export({ format: 'jwk' });
    const header = { epk: { kty: String(kty), crv: String(crv), x: String(x), y: String(y) } };
    const cases: readonly (readonly [TokenKeyManagement, 'secret' | 'RSA' | 'agreement', number])[] = [
      ['dir', 'RSA', 0],
      ['dir', 'agreement', 0],
      ['A256KW', 'RSA', 40],
      ['A256KW', 'agreement', 40],
      ['A256GCMKW', 'agreement', 32],
      ['ECDH-ES', 'secret', 0],
      ['ECDH-ES', 'RSA', 0],
      ['ECDH-ES+A256KW', 'secret', 40],
    ];
    const keys = { secret: SECRET.key, RSA: RSA.key, agreement: P256.key };
    const failures = await failuresOf(cases, ([alg, type, bytes]) => {
      const unwrapping = () => unwrap(alg, Buffer.alloc(bytes), { key: keys[type], header });
      expect(thrownBy(unwrapping)).toMatchObject({ reason: 'algorithm' });
    });
    expect(failures).toEqual([]);
    for (const key of [keys.secret, keys.agreement]) {
      expect(thrownBy(() => unwrap('RSA-OAEP', Buffer.alloc(256), { key }))).toMatchObject({
        reason: 'encrypted_key',
      });
    }
  });
});
