import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createKeyRing, type KeyRingOptions } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { generateRecipient, generateShared } from '../support/key-pairs.js';
import { AUDIENCE, createRing, NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const OTHER_AUDIENCE = 'https://other.example.com';
const { privateJwk, publicJwk } = generateRecipient('ECDH-ES', {}, 'X25519');
const root = { secret: secretOf(1) };

const createWith = (options: Partial<KeyRingOptions>) => createKeyRing({ current: root, ...options });

describe('recipients', () => {
  test('get the access tokens of their audience exclusively', async () => {
    const ring = await createWith({ recipients: { [AUDIENCE]: { jwk: publicJwk } } });
    const plain = await createRing();
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE)).toMatchObject({
      kid: 'recipient',
      audience: AUDIENCE,
    });
    expect(internalsOf(ring).encryptionKey('access', OTHER_AUDIENCE)).toEqual(
      internalsOf(plain).encryptionKey('access', OTHER_AUDIENCE),
    );
    expect(internalsOf(ring).encryptionKey('refresh', AUDIENCE)).toEqual(
      internalsOf(plain).encryptionKey('refresh', AUDIENCE),
    );
  });

  test('may be several, under different algorithms', async () => {
    const ring = await createWith({
      recipients: {
        [AUDIENCE]: { jwk: publicJwk },
        [OTHER_AUDIENCE]: { jwk: generateShared('A256KW', { aud: OTHER_AUDIENCE }) },
      },
    });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).alg).toBe('ECDH-ES');
    expect(internalsOf(ring).encryptionKey('access', OTHER_AUDIENCE).alg).toBe('A256KW');
  });

  test('with several keys are encrypted to by the first', async () => {
    const keys = [publicJwk, { ...generateRecipient('ECDH-ES').publicJwk, kid: 'second', exp: NOW }];
    const ring = await createWith({ recipients: { [AUDIENCE]: { jwks: { keys } } } });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).toBe('recipient');
  });

  test('are read from a file that everybody may read, or from an environment variable', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-recipients-'));
    const file = join(directory, 'recipient.json');
    await writeFile(file, JSON.stringify(publicJwk), { mode: 0o644 });
    process.env['RECIPIENT'] = JSON.stringify({ keys: [{ ...publicJwk, kid: 'other' }] });
    const recipients = { [AUDIENCE]: { file }, [OTHER_AUDIENCE]: { env: 'RECIPIENT' } };
    const ring = await createWith({ recipients }).finally(() => {
      delete process.env['RECIPIENT'];
    });
    await rm(directory, { recursive: true });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).toBe('recipient');
    expect(internalsOf(ring).encryptionKey('access', OTHER_AUDIENCE).kid).toBe('other');
  });

  test('are rejected if they are not an object', async () => {
    await expect(createWith({ recipients: untyped([]) })).rejects.toThrow(
      /^createKeyRing: recipients must be an object, for example \{ \[audience\]: \{ file: "api.jwk" \} \}/,
    );
  });

  test.each<[string, KeyRingOptions['recipients'], RegExp]>([
    [
      'a root',
      { [AUDIENCE]: { jwk: { kty: 'oct', key_ops: ['deriveKey'], k: secretOf(3).toString('base64url') } } },
      /must not be a root secret \(key_ops "deriveKey"\): pass a public JWK, or a symmetric JWK with alg$/,
    ],
    [
      'a key for another audience',
      { [AUDIENCE]: { jwk: { ...publicJwk, aud: OTHER_AUDIENCE } } },
      /the key is restricted to a different audience by its aud: /,
    ],
    [
      'a key with exp',
      { [AUDIENCE]: { jwk: { ...publicJwk, exp: NOW } } },
      /the first key must not have exp, because it encrypts/,
    ],
    [
      'a key that only decrypts',
      { [AUDIENCE]: { jwk: generateShared('A256KW', { key_ops: ['unwrapKey'] }) } },
      /key_ops of the first key must allow encryption/,
    ],
  ])('are rejected with %s', async (_what, recipients, message) => {
    const error = await createWith(recipients === undefined ? {} : { recipients }).catch(
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error).toMatchObject({
      message: expect.stringMatching(`^createKeyRing: recipients: recipient ${AUDIENCE}: `),
    });
  });

  test('are rejected with the kid of another key of the ring', async () => {
    const jwk = generateShared('A256KW', { kid: 'recipient' });
    const making = createWith({ previous: [{ jwk }], recipients: { [AUDIENCE]: { jwk: publicJwk } } });
    await expect(making).rejects.toEqual(
      new TypeError(
        'createKeyRing: two keys have the kid recipient: remove one, or give one a different kid',
      ),
    );
  });
});

describe('a public key', () => {
  test('may be the current one of a ring, for every audience or for its own', async () => {
    const ring = await createWith({ current: { jwk: publicJwk } });
    expect(internalsOf(ring).encryptionKey('access', OTHER_AUDIENCE).kid).toBe('recipient');
    const bound = await createWith({ current: { jwk: { ...publicJwk, aud: AUDIENCE } } });
    expect(internalsOf(bound).encryptionKey('access', AUDIENCE).kid).toBe('recipient');
    expect(() => internalsOf(bound).encryptionKey('access', OTHER_AUDIENCE)).toThrow(
      new TypeError(
        'the current key is restricted to a different audience by its aud, so it cannot encrypt tokens for this audience: use a key with this aud, or remove aud from the JWK',
      ),
    );
  });

  test('encrypts no refresh token', async () => {
    const ring = await createWith({ current: { jwk: publicJwk } });
    expect(() => internalsOf(ring).encryptionKey('refresh', AUDIENCE)).toThrow(TypeError);
  });

  test('is rejected as a previous key, because it cannot decrypt', async () => {
    await expect(createWith({ previous: [{ jwk: publicJwk }] })).rejects.toThrow(
      /^createKeyRing: previous and all keys of current except the first must be able to decrypt/,
    );
  });
});

describe('needsSignature', () => {
  test('reports the audiences whose tokens need a signature', async () => {
    const needs = async (options: Partial<KeyRingOptions>) => {
      const ring = await createWith(options);
      return [AUDIENCE, OTHER_AUDIENCE].map((audience) => internalsOf(ring).needsSignature(audience));
    };
    expect(await needs({})).toEqual([false, false]);
    expect(await needs({ previous: [{ jwk: generateShared('A256KW') }] })).toEqual([false, false]);
    expect(await needs({ recipients: { [AUDIENCE]: { jwk: publicJwk } } })).toEqual([true, false]);
    expect(await needs({ current: { jwk: privateJwk } })).toEqual([true, true]);
    expect(await needs({ current: { jwk: { ...privateJwk, aud: AUDIENCE } } })).toEqual([true, false]);
    expect(await needs({ previous: [{ jwk: privateJwk }] })).toEqual([true, true]);
  });
});

describe('exportPublicKeys', () => {
  const rsa = generateRecipient('RSA-OAEP-256', { kid: 'rsa', exp: NOW, enc: 'A128GCM' });
  const ec = generateRecipient('ECDH-ES+A256KW', { kid: 'ec', aud: AUDIENCE }, 'P-384');

  test('contains exactly the public members', async () => {
    const ring = await createWith({
      current: { jwk: privateJwk },
      previous: [{ jwk: { ...rsa.privateJwk, x5c: ['AAAA'], secret: 'x' } }, { jwk: ec.privateJwk }, root],
    });
    const { kty, crv, x } = publicJwk;
    const { x: ecX, y: ecY } = ec.publicJwk;
    const { n, e } = rsa.publicJwk;
    expect(ring.exportPublicKeys()).toStrictEqual({
      keys: [
        { kty, crv, x, kid: 'recipient', use: 'enc', alg: 'ECDH-ES', enc: 'A256GCM' },
        { kty: 'RSA', n, e, kid: 'rsa', use: 'enc', alg: 'RSA-OAEP-256', enc: 'A128GCM', exp: NOW },
        {
          ...{ kty: 'EC', crv: 'P-384', x: ecX, y: ecY, kid: 'ec', use: 'enc' },
          ...{ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', aud: AUDIENCE },
        },
      ],
    });
  });

  test('contains no private, symmetric or derived key of any ring', async () => {
    const shared = generateShared('A256KW');
    const ring = await createWith({
      previous: [{ jwk: privateJwk }, { jwk: rsa.privateJwk }, { jwk: shared }],
      recipients: { [AUDIENCE]: { jwk: ec.privateJwk } },
    });
    internalsOf(ring).prepare('refresh', AUDIENCE);
    const text = JSON.stringify(ring.exportPublicKeys());
    const secrets = [privateJwk, rsa.privateJwk, ec.privateJwk].flatMap((jwk) =>
      ['d', 'p', 'q', 'dp', 'dq', 'qi'].map((member) => jwk[member]).filter((value) => value !== undefined),
    );
    expect(secrets).toHaveLength(8);
    for (const secret of [...secrets, shared['k'], root.secret.toString('base64url')]) {
      expect(text).not.toContain(String(secret));
    }
    expect(text).not.toMatch(/"(d|p|q|dp|dq|qi|k|oth)":/);
  });

  test('leaves out the keys of others, who publish them themselves', async () => {
    const ring = await createWith({ recipients: { [AUDIENCE]: { jwk: publicJwk } } });
    expect(ring.exportPublicKeys()).toEqual({ keys: [] });
  });

  test('can be used as a recipient by an issuer', async () => {
    const server = await createWith({ current: { jwk: { ...privateJwk, enc: 'A192GCM' } } });
    const ring = await createWith({ recipients: { [AUDIENCE]: { jwks: server.exportPublicKeys() } } });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE)).toMatchObject({
      kid: 'recipient',
      enc: 'A192GCM',
    });
  });
});
