import { createHash, createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { DirectKey } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { openAesGcm } from '../../src/token/aes-gcm.js';
import { openManaged } from '../../src/token/managed-content.js';
import { forgeToken } from '../support/forge-token.js';
import { keyRingWith } from '../support/key-ring-with.js';
import {
  DIRECT_ENCRYPTION,
  FITTING_KEYS,
  KEY_AGREEMENT,
  REFUSED_KEYS,
  REFUSED_TOKENS,
  X25519_AGREEMENT,
  X25519_SECRET,
} from '../support/rfc-vectors.js';
import { direct } from '../support/symmetric-key.js';
import { verdictOn } from '../support/verdicts.js';

const { jwk, plaintext, compact } = DIRECT_ENCRYPTION;

/** A ring that has a key of whatever name a token asks for, so that no vector fails for want of one. */
async function createObligingRing(jwk: Jwk): Promise<KeyRing> {
  const ring = await createKeyRing({ current: { jwk: { ...jwk, kid: 'obliging' } } });
  const key = internalsOf(ring).decryptionKey('obliging');
  return keyRingWith(ring, { decryptionKey: (kid) => (key === undefined ? undefined : { ...key, kid }) });
}

/** Opens a token at the level of the codec, where the plaintext may be anything. */
async function openByJwk(token: string, jwk: Jwk): Promise<string> {
  const key = internalsOf(await createKeyRing({ current: { jwk } })).decryptionKey(String(jwk['kid']));
  if (key === undefined || key.alg === 'dir') throw new Error('The key is for direct encryption');
  const [header = '', ...segments] = token.split('.');
  const [encryptedKey, iv, ciphertext, tag] = segments.map((part) => Buffer.from(part, 'base64url'));
  if (encryptedKey === undefined || iv === undefined || ciphertext === undefined || tag === undefined) {
    throw new Error('Cut short');
  }
  const additionalData = Buffer.from(header);
  const sealed = { iv, ciphertext, tag };
  return openManaged({ header: headerOf(token), encryptedKey, sealed, additionalData }, key).toString();
}

function headerOf(token: string) {
  return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
}

/** A token under the content encryption key that a vector agrees on. */
function forgeAgreed(header: object, secret: Buffer, enc: 'A128GCM' | 'A256GCM'): string {
  const key: DirectKey = {
    kid: 'bob',
    alg: 'dir',
    enc,
    purpose: 'access',
    encrypts: true,
    secret: createSecretKey(secret),
  };
  return forgeToken(key, { header: JSON.stringify({ ...header, kid: 'bob' }), plaintext });
}

describe('RFC 7520 §5.6: direct encryption using AES-GCM', () => {
  test('is opened', async () => {
    const key = direct(internalsOf(await createKeyRing({ current: { jwk } })).encryptionKey('access', 'any'));
    const [header = '', , ...sealed] = compact.split('.');
    const [iv, ciphertext, tag] = sealed.map((part) => Buffer.from(part, 'base64url'));
    if (iv === undefined || ciphertext === undefined || tag === undefined) throw new Error('Cut short');
    const opened = openAesGcm(key.enc, { iv, ciphertext, tag }, Buffer.from(header), key.secret);
    expect(opened.toString()).toBe(plaintext);
  });

  test('passes every check up to the claims, which are not JSON', async () => {
    expect(await verdictOn(compact, await createKeyRing({ current: { jwk } }))).toBe('claims_not_json');
  });

  test('fails earlier with another tag', async () => {
    const altered = compact.replace(/\.vbb32/, '.wbb32');
    expect(await verdictOn(altered, await createKeyRing({ current: { jwk } }))).toBe('decryption');
  });
});

describe('key agreement', () => {
  test('opens the X25519 example of the cookbook', async () => {
    expect(await openByJwk(X25519_AGREEMENT.compact, X25519_AGREEMENT.jwk)).toBe(X25519_AGREEMENT.plaintext);
  });

  test('rejects that example with another tag', async () => {
    const altered = X25519_AGREEMENT.compact.replace(/\.Yd4j/, '.Zd4j');
    await expect(openByJwk(altered, X25519_AGREEMENT.jwk)).rejects.toMatchObject({ reason: 'decryption' });
  });

  test('rejects that example as a token, since it is not signed', async () => {
    const ring = await createKeyRing({ current: { jwk: X25519_AGREEMENT.jwk } });
    expect(await verdictOn(X25519_AGREEMENT.compact, ring)).toBe('not_signed');
  });

  test('derives the key of RFC 7518 appendix C, including apu and apv', async () => {
    const { header, jwk: bob, derivedKey } = KEY_AGREEMENT;
    const token = forgeAgreed(header, Buffer.from(derivedKey, 'base64url'), 'A128GCM');
    expect(await openByJwk(token, { ...bob, kid: 'bob', alg: 'ECDH-ES', enc: 'A128GCM' })).toBe(plaintext);
  });

  test.each([{ apu: 'Qm9i', apv: 'QWxpY2U' }, { apu: undefined }, { apv: undefined }])(
    'derives something else from %j',
    async (members) => {
      const { header, jwk: bob, derivedKey } = KEY_AGREEMENT;
      const token = forgeAgreed({ ...header, ...members }, Buffer.from(derivedKey, 'base64url'), 'A128GCM');
      const opening = openByJwk(token, { ...bob, kid: 'bob', alg: 'ECDH-ES', enc: 'A128GCM' });
      await expect(opening).rejects.toMatchObject({ reason: 'decryption' });
    },
  );

  test('agrees on the secret of RFC 8037 appendix A.6', async () => {
    const { jwk: bob, epk, secret } = X25519_SECRET;
    const header = { alg: 'ECDH-ES', enc: 'A256GCM', epk };
    const token = forgeAgreed(header, deriveFromSecret(Buffer.from(secret, 'hex'), 'A256GCM', 32), 'A256GCM');
    expect(await openByJwk(token, { ...bob, kid: 'bob', alg: 'ECDH-ES' })).toBe(plaintext);
  });
});

/** Concat KDF (RFC 7518 section 4.6.2) of one round, without party information. */
function deriveFromSecret(secret: Buffer, algorithm: string, bytes: number): Buffer {
  const number = (value: number) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');
  const info = [number(algorithm.length), Buffer.from(algorithm), number(0), number(0), number(bytes * 8)];
  const digest = createHash('sha256').update(Buffer.concat([number(1), secret, ...info]));
  return digest.digest().subarray(0, bytes);
}

const RINGS: readonly (readonly [name: string, jwk: Jwk])[] = [['5.6: oct', jwk], ...FITTING_KEYS];

describe.each(RINGS)('a ring with the key of RFC 7520 %s', (_name, key) => {
  test.each(REFUSED_TOKENS)('rejects %s', async (_vector, token, reason) => {
    expect(await verdictOn(token, await createObligingRing(key))).toBe(reason);
  });

  const compacts = REFUSED_TOKENS.filter(([, token]) => !token.startsWith('{'));

  test.each(compacts)(
    'rejects %s for its algorithm, once nothing else is in the way',
    async (_vector, token) => {
      const { zip: _zip, cty: _cty, p2c: _p2c, ...members } = headerOf(token);
      const header = Buffer.from(JSON.stringify({ kid: 'any', ...members })).toString('base64url');
      const plain = token.replace(/^[^.]*/, header);
      expect(await verdictOn(plain, await createObligingRing(key))).toBe('algorithm');
    },
  );
});

describe('other vectors', () => {
  test.each(REFUSED_KEYS)('the key of %s is not accepted for a key ring', async (_name, key) => {
    await expect(createKeyRing({ current: { jwk: key } })).rejects.toThrow(TypeError);
  });

  test('are rejected for other reasons than the key ring: a vector that it can decrypt gets further', async () => {
    expect(await verdictOn(compact, await createObligingRing(jwk))).toBe('claims_not_json');
  });

  test('the one for direct encryption is rejected for its algorithm by a ring with another kind of key', async () => {
    for (const [, key] of FITTING_KEYS) {
      expect(await verdictOn(compact, await createObligingRing(key))).toBe('algorithm');
    }
  });
});
