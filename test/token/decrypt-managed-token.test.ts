import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, importJWK } from 'jose';
import type { TokenRejection } from '../../src/base/rejections.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Verification } from '../../src/keys/resolve-verification.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { sealToken } from '../../src/token/seal-token.js';
import { thrownBy } from '../support/caught.js';
import { failuresOf } from '../support/failures-of.js';
import { forgeToken } from '../support/forge-token.js';
import {
  ALGORITHMS,
  generateEc,
  generateOkp,
  generateRecipient,
  generateRsa,
  generateShared,
  type JwkPair,
} from '../support/key-pairs.js';
import { createRandom } from '../support/random.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { AUDIENCE, claimsOf, createRing, ISSUER, NOW, secretOf } from '../support/tokens.js';
import { verdictOn } from '../support/verdicts.js';

type Part = 'encryptedKey' | 'iv' | 'ciphertext' | 'tag';
const PARTS: readonly Part[] = ['encryptedKey', 'iv', 'ciphertext', 'tag'];

/** A proper token for a key, its ring, and whose signature it needs. */
async function createSetting(pair: JwkPair) {
  const parties = await createParties(pair);
  const verification: Verification = new Map([[ISSUER, parties.verificationKeys]]);
  const token =
    pair.publicJwk['kty'] === 'oct'
      ? await new CompactEncrypt(Buffer.from(JSON.stringify(claimsOf())))
          .setProtectedHeader({
            alg: String(pair.publicJwk['alg']),
            enc: 'A256GCM',
            kid: 'shared',
            typ: 'at+jwt',
          })
          .encrypt(await importJWK(pair.publicJwk))
      : await forgeNested(parties);
  const verdictOf = (altered: string) => verdictOn(altered, parties.serverRing, { verification });
  return { token, verdictOf };
}

function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
}

/** The token with another header, for which its tag does not vouch. */
function withHeader(token: string, members: Jwk): string {
  const header = JSON.stringify({ ...headerOf(token), ...members });
  return token.replace(/^[^.]*/, Buffer.from(header).toString('base64url'));
}

function withPart(token: string, part: Part, replace: (bytes: Buffer) => Buffer): string {
  const index = PARTS.indexOf(part) + 1;
  return token
    .split('.')
    .map((text, each) =>
      each === index ? replace(Buffer.from(text, 'base64url')).toString('base64url') : text,
    )
    .join('.');
}

const NAMED = ALGORITHMS.map(([alg, curve, generate]) => [`${alg} ${curve}`.trim(), generate] as const);

describe.each(NAMED)('a token under %s', (name, generate) => {
  const setting = createSetting(generate());

  test('is opened', async () => {
    const { token, verdictOf } = await setting;
    expect(await verdictOf(token)).toBe('accepted');
  });

  test.each(['A128GCM', 'A192GCM', 'A256CBC-HS512', 'none', ''])('is rejected with enc %j', async (enc) => {
    const { token, verdictOf } = await setting;
    expect(await verdictOf(withHeader(token, { enc }))).toBe('algorithm');
  });

  test.each(['dir', 'RSA-OAEP', 'RSA1_5', 'A256KW', 'ECDH-ES', 'PBES2-HS512+A256KW', 'none', '__proto__'])(
    'is rejected with alg %j, unless that is its own',
    async (alg) => {
      const { token, verdictOf } = await setting;
      const expected = headerOf(token)['alg'] === alg ? 'accepted' : 'algorithm';
      expect(await verdictOf(withHeader(token, { alg }))).toBe(expected);
    },
  );

  test('is rejected with an encrypted key that is longer or shorter', async () => {
    const { token, verdictOf } = await setting;
    const longer = withPart(token, 'encryptedKey', (bytes) => Buffer.concat([bytes, Buffer.alloc(8)]));
    const shorter = withPart(token, 'encryptedKey', (bytes) => bytes.subarray(0, -8));
    expect(await verdictOf(longer)).toBe('encrypted_key');
    expect(await verdictOf(shorter)).toBe(name.startsWith('ECDH-ES ') ? 'accepted' : 'encrypted_key');
    const empty = withPart(token, 'encryptedKey', () => Buffer.alloc(0));
    expect(await verdictOf(empty)).toBe(name.startsWith('ECDH-ES ') ? 'accepted' : 'encrypted_key');
  });

  test.each<[Part, TokenRejection]>([
    ['iv', 'iv_length'],
    ['tag', 'tag_length'],
  ])('is rejected with a cut %s', async (part, reason) => {
    const { token, verdictOf } = await setting;
    expect(await verdictOf(withPart(token, part, (bytes) => bytes.subarray(1)))).toBe(reason);
  });

  test('is rejected with any bit changed, anywhere', async () => {
    const { token, verdictOf } = await setting;
    const random = createRandom(name.length);
    for (const part of PARTS) {
      for (let round = 0; round < 12; round += 1) {
        const altered = withPart(token, part, (bytes) => {
          const index = Math.floor(random() * bytes.length);
          bytes[index] = (bytes[index] ?? 0) ^ (1 << Math.floor(random() * 8));
          return bytes;
        });
        expect(await verdictOf(altered)).toBe(altered === token ? 'accepted' : 'decryption');
      }
    }
  });

  test('is rejected with a member added to its header', async () => {
    const { token, verdictOf } = await setting;
    expect(await verdictOf(withHeader(token, { x: 1 }))).toBe('decryption');
  });

  test('is rejected under another key of the same kind and name', async () => {
    const { token } = await setting;
    const { verdictOf } = await createSetting(generate());
    expect(await verdictOf(token)).toBe('decryption');
  });
});

describe('epk', () => {
  const point = (...values: [size: number, value: number]) => Buffer.alloc(...values).toString('base64url');
  const p256 = generateEc('P-256').publicJwk;
  const x25519 = generateOkp('x25519').publicJwk;

  const CASES: [string, 'P-256' | 'P-384' | 'X25519', unknown, TokenRejection][] = [
    ['missing', 'P-256', undefined, 'header_invalid_member'],
    ['null', 'P-256', null, 'header_invalid_member'],
    ['a text', 'P-256', 'epk', 'header_invalid_member'],
    ['an array', 'P-256', [p256], 'header_invalid_member'],
    ['empty', 'P-256', {}, 'header_invalid_member'],
    ['on P-384', 'P-256', generateEc('P-384').publicJwk, 'header_invalid_member'],
    ['on P-521', 'P-256', generateEc('P-521').publicJwk, 'header_invalid_member'],
    ['on secp256k1', 'P-256', generateEc('secp256k1').publicJwk, 'header_invalid_member'],
    ['on P-256', 'P-384', p256, 'header_invalid_member'],
    ['on P-256', 'X25519', p256, 'header_invalid_member'],
    ['on X25519', 'P-256', x25519, 'header_invalid_member'],
    ['on X448', 'X25519', generateOkp('x448').publicJwk, 'header_invalid_member'],
    ['on Ed25519', 'X25519', generateOkp('ed25519').publicJwk, 'header_invalid_member'],
    ['of RSA', 'P-256', generateRsa().publicJwk, 'header_invalid_member'],
    ['symmetric', 'P-256', { ...generateShared('A256KW'), crv: 'P-256' }, 'header_invalid_member'],
    ['private', 'P-256', generateEc('P-256').privateJwk, 'header_invalid_member'],
    ['private', 'X25519', generateOkp('x25519').privateJwk, 'header_invalid_member'],
    ['of the wrong kty', 'X25519', { ...x25519, kty: 'EC' }, 'header_invalid_member'],
    ['without y', 'P-256', { ...p256, y: undefined }, 'header_invalid_member'],
    ['off the curve', 'P-256', { ...p256, y: point(32, 7) }, 'header_invalid_member'],
    [
      'off the curve',
      'P-384',
      { kty: 'EC', crv: 'P-384', x: point(48, 7), y: point(48, 7) },
      'header_invalid_member',
    ],
    [
      'the point at infinity',
      'P-256',
      { ...p256, x: point(32, 0), y: point(32, 0) },
      'header_invalid_member',
    ],
    [
      'of P-384 that says P-256',
      'P-256',
      { ...generateEc('P-384').publicJwk, crv: 'P-256' },
      'header_invalid_member',
    ],
    ['with numbers for texts', 'P-256', { ...p256, x: 7, y: 7 }, 'header_invalid_member'],
    ['with operations that it has not', 'P-256', { ...p256, key_ops: ['deriveBits'] }, 'decryption'],
    ['with operations of nothing', 'P-256', { ...p256, key_ops: [7], ext: 'no', use: 'sig' }, 'decryption'],
    ['too short', 'X25519', { ...x25519, x: point(31, 7) }, 'header_invalid_member'],
    ['too long', 'X25519', { ...x25519, x: point(33, 7) }, 'header_invalid_member'],
    ['zero, so that the secret is zero', 'X25519', { ...x25519, x: point(32, 0) }, 'header_invalid_member'],
    [
      'one, so that the secret is zero',
      'X25519',
      { ...x25519, x: `AQ${'A'.repeat(41)}` },
      'header_invalid_member',
    ],
    [
      'of order 8, so that the secret is zero',
      'X25519',
      { ...x25519, x: '4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA' },
      'header_invalid_member',
    ],
  ];

  const settings = new Map(
    (['ECDH-ES', 'ECDH-ES+A256KW'] as const).flatMap((alg) =>
      (['P-256', 'P-384', 'X25519'] as const).map(
        (curve) => [`${alg} ${curve}`, createSetting(generateRecipient(alg, {}, curve))] as const,
      ),
    ),
  );

  test('that is not a point of the curve of the key is rejected', async () => {
    const failures = await failuresOf(
      CASES.flatMap((each) => [['ECDH-ES', ...each] as const, ['ECDH-ES+A256KW', ...each] as const]),
      async ([alg, _what, curve, epk, reason]) => {
        const setting = await settings.get(`${alg} ${curve}`);
        if (setting === undefined) throw new Error('No such setting');
        expect(await setting.verdictOf(withHeader(setting.token, { epk }))).toBe(reason);
      },
    );

    expect(failures).toEqual([]);
  });
});

describe('apu and apv', () => {
  test.each([7, null, {}, ['QWxpY2U'], 'not base64url!'])('are rejected if one is %j', async (apu) => {
    const { token, verdictOf } = await createSetting(generateRecipient('ECDH-ES'));
    expect(await verdictOf(withHeader(token, { apu }))).toBe('header_invalid_member');
  });

  test('are rejected if they are equal (RFC 7518 §4.6.2)', async () => {
    const { token, verdictOf } = await createSetting(generateRecipient('ECDH-ES'));
    expect(await verdictOf(withHeader(token, { apu: 'Qm9i', apv: 'Qm9i' }))).toBe('decryption');
  });
});

describe('iv and tag of A256GCMKW', () => {
  test.each<[object, TokenRejection]>([
    [{ iv: undefined }, 'header_invalid_member'],
    [{ tag: undefined }, 'header_invalid_member'],
    [{ iv: 7 }, 'header_invalid_member'],
    [{ iv: Buffer.alloc(16).toString('base64url') }, 'header_invalid_member'],
    [{ tag: Buffer.alloc(12).toString('base64url') }, 'header_invalid_member'],
    [{ tag: '' }, 'header_invalid_member'],
    [{ iv: Array(16).fill('A') }, 'header_invalid_member'],
    [{ tag: Array(22).fill('A') }, 'header_invalid_member'],
    [{ iv: Buffer.alloc(12).toString('base64url') }, 'decryption'],
    [{ tag: Buffer.alloc(16).toString('base64url') }, 'decryption'],
    [{ iv: '!'.repeat(16) }, 'header_invalid_member'],
  ])('are rejected as %j', async (members, reason) => {
    const jwk = generateShared('A256GCMKW');
    const { token, verdictOf } = await createSetting({ privateJwk: jwk, publicJwk: jwk });
    expect(await verdictOf(withHeader(token, { ...members }))).toBe(reason);
  });
});

describe('iv and tag of A256GCMKW that are not canonical base64url, in a token whose own tag is right', () => {
  const jwk = generateShared('A256GCMKW');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const withTrailingBits = (text: string) =>
    text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);

  /** Wrapped under an IV whose base64url has a hyphen. */
  function wrappedToken(respell: (members: { iv: string; tag: string }) => object): string {
    const iv = Buffer.alloc(12, 0xfb);
    const contentKey = randomBytes(32);
    const wrapping = createCipheriv('aes-256-gcm', Buffer.from(String(jwk['k']), 'base64url'), iv);
    const encryptedKey = Buffer.concat([wrapping.update(contentKey), wrapping.final()]);
    const members = { iv: iv.toString('base64url'), tag: wrapping.getAuthTag().toString('base64url') };
    const header = { alg: 'A256GCMKW', enc: 'A256GCM', kid: 'shared', typ: 'at+jwt', ...respell(members) };
    const encodedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
    const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(encodedHeader));
    const ciphertext = Buffer.concat([cipher.update(JSON.stringify(claimsOf())), cipher.final()]);
    const parts = [encryptedKey, iv, ciphertext, cipher.getAuthTag()];
    return [encodedHeader, ...parts.map((part) => part.toString('base64url'))].join('.');
  }

  test.each<[string, Parameters<typeof wrappedToken>[0], TokenRejection | 'accepted']>([
    ['accepted as they are', (members) => members, 'accepted'],
    [
      'rejected if iv is in the alphabet of base64',
      ({ iv, tag }) => ({ iv: iv.replaceAll('-', '+'), tag }),
      'header_invalid_member',
    ],
    [
      'rejected if tag has trailing bits',
      ({ iv, tag }) => ({ iv, tag: withTrailingBits(tag) }),
      'header_invalid_member',
    ],
  ])('are %s', async (_what, respell, verdict) => {
    const { verdictOf } = await createSetting({ privateJwk: jwk, publicJwk: jwk });
    expect(await verdictOf(wrappedToken(respell))).toBe(verdict);
  });
});

describe('a content encryption key of the wrong length', () => {
  test.each(['RSA-OAEP-256', 'A256KW', 'A256GCMKW'])('is rejected under %s', async (alg) => {
    const jwk = alg === 'RSA-OAEP-256' ? undefined : generateShared(alg);
    const pair = jwk === undefined ? generateRecipient('RSA-OAEP-256') : { privateJwk: jwk, publicJwk: jwk };
    const { verdictOf } = await createSetting(pair);
    const token = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ alg, enc: 'A128GCM', kid: String(pair.publicJwk['kid']), cty: 'JWT' })
      .encrypt(await importJWK({ ...pair.publicJwk }));
    const expected = alg === 'RSA-OAEP-256' ? 'decryption' : 'encrypted_key';
    expect(await verdictOf(withHeader(token, { enc: 'A256GCM' }))).toBe(expected);
  });
});

describe('one kid, one key', () => {
  test('a token that two keys could decrypt is tried only with the key that it names', async () => {
    const pair = generateRecipient('RSA-OAEP-256', { kid: 'one' });
    const ring = await createKeyRing({
      current: { jwk: pair.privateJwk },
      previous: [
        { jwk: { ...pair.privateJwk, kid: 'two', exp: NOW } },
        { jwk: { ...generateRecipient('RSA-OAEP-256').privateJwk, kid: 'three' } },
      ],
    });
    const parties = await createParties(pair);
    const verification: Verification = new Map([[ISSUER, parties.verificationKeys]]);
    const verdictOf = async (kid: string) =>
      verdictOn(await forgeNested(parties, { header: { kid } }), ring, { verification });

    expect(await verdictOf('one')).toBe('accepted');
    expect(await verdictOf('two')).toBe('expired_key');
    expect(await verdictOf('three')).toBe('decryption');
    expect(await verdictOf('four')).toBe('unknown_key');
  });

  test('one secret under two algorithms is two keys, and each decrypts only its own tokens', async () => {
    const k = secretOf(5).toString('base64url');
    const jwks = ['A256KW', 'A256GCMKW', 'A256GCM'].map((alg) => ({ kty: 'oct', kid: alg, alg, k }));
    const [first = {}] = jwks;
    const ring = await createKeyRing({ current: { jwks: { keys: jwks } } });
    const ringOf = (kid: string) =>
      createKeyRing({ current: { jwk: jwks.find((jwk) => jwk.kid === kid) ?? first } });
    for (const { kid: own } of jwks) {
      const key = internalsOf(await ringOf(own)).encryptionKey('access', AUDIENCE);
      for (const { kid } of jwks) {
        const token = await sealToken(claimsOf(), { ...key, kid }, { typ: 'at+jwt' });
        expect(await verdictOn(token, ring)).toBe(kid === own ? 'accepted' : 'algorithm');
      }
    }
  });
});

describe('a token under a direct key', () => {
  test('is written and decrypted synchronously', async () => {
    const keyRing = await createRing();
    const key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
    const token = sealToken(claimsOf(), key, { typ: 'at+jwt' });
    expect(typeof token).toBe('string');
    const opened = decryptToken(
      forgeToken(key),
      { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification: new Map() },
      NOW,
    );
    expect(opened).not.toBeInstanceOf(Promise);
    expect(opened).toMatchObject({ claims: claimsOf() });
  });
});

describe('encryptToken', () => {
  test.each(NAMED)('writes no token under %s', async (_name, generate) => {
    const ring = await createKeyRing({ current: { jwk: generate().publicJwk } });
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    expect(thrownBy(() => encryptToken(claimsOf(), key, { typ: 'at+jwt' }))).toEqual(
      new TypeError('issue: the key is not for direct encryption: use a key whose alg is "dir"'),
    );
  });
});

describe('a nested JWS under a shared key', () => {
  test.each(['A256KW', 'A256GCMKW', 'A256GCM'])('is verified under %s, and is optional', async (alg) => {
    const jwk = generateShared(alg);
    const pair = { privateJwk: jwk, publicJwk: { ...jwk, alg: alg === 'A256GCM' ? 'dir' : alg } };
    const parties = await createParties();
    const verification: Verification = new Map([[ISSUER, parties.verificationKeys]]);
    const ring = await createKeyRing({ current: { jwk } });
    const nest = (parts = {}) => forgeNested({ ...parties, recipient: pair }, parts);
    const plain = await sealToken(claimsOf(), internalsOf(ring).encryptionKey('access', AUDIENCE), {
      typ: 'at+jwt',
    });

    expect(await verdictOn(await nest(), ring, { verification })).toBe('accepted');
    expect(await verdictOn(plain, ring, { verification })).toBe('accepted');
    expect(await verdictOn(await nest(), ring)).toBe('content_type');
    expect(
      await verdictOn(await nest({ alter: (jws: string) => jws.slice(0, -6) }), ring, { verification }),
    ).toBe('jws_signature');
  });
});
