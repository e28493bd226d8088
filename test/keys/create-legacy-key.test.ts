import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { contentKeyOf, createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { generateRecipient } from '../support/key-pairs.js';
import { LEGACY_KEY_HEX, LEGACY_PASSPHRASE } from '../support/legacy-tokens.js';
import { createRing, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const BYTES = Buffer.from(LEGACY_KEY_HEX, 'hex');
const JWK = { kty: 'oct', alg: 'A256GCM', k: BYTES.toString('base64url') };

const UNFIT = /^createLegacyKey: the key must be a 32-byte key for A256GCM: pass the key/;
const MISSING =
  /^createLegacyKey: source must be an object with secret, jwk, or passphrase and derivation, for example/;

const { kid: _, ...unnamedPair } = generateRecipient('ECDH-ES').privateJwk;

async function bytesOf(source: Parameters<typeof createLegacyKey>[0]): Promise<Buffer> {
  return contentKeyOf(await createLegacyKey(source)).secret.export();
}

describe('createLegacyKey', () => {
  test('derives from a passphrase what Python did', async () => {
    const bytes = await bytesOf({ passphrase: LEGACY_PASSPHRASE, derivation: 'dsp-ai-platform' });
    expect(bytes).toEqual(BYTES);
  });

  test.each([
    ['bytes', BYTES],
    ['base64url', BYTES.toString('base64url')],
    ['hexadecimal', LEGACY_KEY_HEX],
  ])('uses a secret as is, as %s', async (_, secret) => {
    expect(await bytesOf({ secret })).toEqual(BYTES);
  });

  test.each(['A256GCM', 'dir'])('uses a JWK as is, with alg %s', async (alg) => {
    expect(await bytesOf({ jwk: { ...JWK, alg } })).toEqual(BYTES);
  });

  test('gives one name to a key, however it comes, and the one that a key ring would give', async () => {
    const passphrase = { passphrase: LEGACY_PASSPHRASE, derivation: 'dsp-ai-platform' } as const;
    const keys = await Promise.all([passphrase, { secret: BYTES }, { jwk: JWK }].map(createLegacyKey));
    const ring = await createKeyRing({ current: passphrase });
    expect(new Set(keys.map(({ kid }) => kid))).toEqual(new Set([ring.current]));
  });

  test('keeps the name that the source gives', async () => {
    expect(await createLegacyKey({ jwk: { ...JWK, kid: 'old' } })).toEqual({ kid: 'old' });
    const passphrase = { passphrase: LEGACY_PASSPHRASE, derivation: 'dsp-ai-platform', kid: 'old' } as const;
    expect(await createLegacyKey(passphrase)).toEqual({ kid: 'old' });
  });

  test('creates a key that only decrypts, for one algorithm and any audience', async () => {
    const key = contentKeyOf(await createLegacyKey({ secret: BYTES }));
    expect(key).toMatchObject({ alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: false });
    expect(key).not.toHaveProperty('audience');
    expect(Object.isFrozen(key)).toBe(true);
  });

  test('does not expose the secret', async () => {
    const key = await createLegacyKey({ secret: BYTES });
    expect(Object.keys(key)).toEqual(['kid']);
    expect(Object.isFrozen(key)).toBe(true);
    expect(inspect(key, { showHidden: true, depth: 5 })).not.toMatch(/secret|KeyObject/i);
  });

  test.each<[string, object, RegExp]>([
    ['nothing', {}, MISSING],
    ['a list', [], /^createLegacyKey/],
    ['a passphrase with a salt', { passphrase: LEGACY_PASSPHRASE, salt: 'a salt of our own' }, MISSING],
    ['a passphrase alone', { passphrase: LEGACY_PASSPHRASE }, MISSING],
    [
      'another derivation',
      { passphrase: LEGACY_PASSPHRASE, derivation: 'md5' },
      /^createLegacyKey: derivation must be "dsp-ai-platform": /,
    ],
    [
      'a short passphrase',
      { passphrase: 'dsp-ai-platform', derivation: 'dsp-ai-platform' },
      /^createLegacyKey: passphrase must be a string of at least 16 characters: choose a longer one$/,
    ],
    [
      'the string that the passphrase class of Python returns',
      { secret: `${JWK.k}=` },
      /^createLegacyKey: the root secret must be 32 bytes/,
    ],
    ['31 bytes', { secret: LEGACY_KEY_HEX.slice(2) }, /^createLegacyKey: the root secret must be 32 bytes/],
    [
      'bytes that are all equal',
      { secret: '00'.repeat(32) },
      /^createLegacyKey: the root secret must be random, but all bytes are equal/,
    ],
    ['a file', { file: '/etc/hostname' }, MISSING],
    ['a JWK that is null', { jwk: null }, /^createLegacyKey: alg must be one of/],
    [
      'a root',
      { jwk: { kty: 'oct', key_ops: ['deriveKey'], k: JWK.k } },
      /^createLegacyKey: the key must not be a root/,
    ],
    [
      'a JWK for A128GCM',
      { jwk: { kty: 'oct', alg: 'A128GCM', k: secretOf(1).toString('base64url', 16) } },
      UNFIT,
    ],
    [
      'a JWK of 16 bytes',
      { jwk: { kty: 'oct', alg: 'dir', k: secretOf(1).toString('base64url', 0, 16) } },
      UNFIT,
    ],
    ['a JWK that must not decrypt', { jwk: { ...JWK, key_ops: ['encrypt'] } }, /must allow decryption: /],
    ['a JWK with a malformed kid', { jwk: { ...JWK, kid: 'a b' } }, /^createLegacyKey: kid must be/],
    ['a key that wraps others', { jwk: { ...JWK, alg: 'A256KW' } }, UNFIT],
    ['a named key that wraps others', { jwk: { ...JWK, alg: 'A256KW', kid: 'old' } }, UNFIT],
    ['a key pair', { jwk: unnamedPair }, UNFIT],
    ['an RSA key', { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }, /^createLegacyKey: alg must be one of/],
  ])('rejects %s, without showing it', async (_, source, message) => {
    const error: unknown = await createLegacyKey(untyped(source)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(inspect(error)).not.toContain(LEGACY_PASSPHRASE);
    expect(inspect(error)).not.toContain(JWK.k);
  });
});

describe('contentKeyOf', () => {
  test('rejects objects that createLegacyKey did not create', async () => {
    const ring = await createRing();
    const lookAlike = { ...(await createLegacyKey({ secret: BYTES })) };
    for (const wrong of [lookAlike, { kid: ring.current }, untyped({ key: null }).key]) {
      expect(() => contentKeyOf(wrong)).toThrow(
        new TypeError('createTokenVerifier: legacy.key must be a LegacyKey: pass await createLegacyKey(...)'),
      );
    }
  });
});
