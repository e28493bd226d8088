import { describe, expect, test } from '@jest/globals';
import { openContent } from '../../src/jwe/aes-gcm.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { DIRECT_ENCRYPTION, REFUSED_KEYS, REFUSED_TOKENS } from '../support/rfc-vectors.js';
import { verdictOn } from '../support/verdicts.js';

const { jwk, plaintext, compact } = DIRECT_ENCRYPTION;

/** A ring that has a key of whatever name a token asks for, so that no vector fails for want of one. */
async function createObligingRing(): Promise<KeyRing> {
  const ring = await createKeyRing({ current: { jwk } });
  const key = ring.decryptionKey(jwk.kid);
  return { ...ring, decryptionKey: (kid) => (key === undefined ? undefined : { ...key, kid }) };
}

describe('RFC 7520 section 5.6: direct encryption using AES-GCM', () => {
  test('is opened', async () => {
    const key = (await createKeyRing({ current: { jwk } })).encryptionKey('access', 'any');
    const [header = '', , ...sealed] = compact.split('.');
    const [iv, ciphertext, tag] = sealed.map((part) => Buffer.from(part, 'base64url'));
    if (iv === undefined || ciphertext === undefined || tag === undefined) throw new Error('Cut short');
    expect(openContent({ iv, ciphertext, tag }, header, key).toString()).toBe(plaintext);
  });

  test('passes every check of a token up to its claims, which are a text', async () => {
    expect(verdictOn(compact, await createKeyRing({ current: { jwk } }))).toBe('claims_not_json');
  });

  test('fails earlier with another tag', async () => {
    const altered = compact.replace(/\.vbb32/, '.wbb32');
    expect(verdictOn(altered, await createKeyRing({ current: { jwk } }))).toBe('decryption');
  });
});

describe('other vectors', () => {
  test.each(REFUSED_TOKENS)('%s is refused', async (_name, token, reason) => {
    expect(verdictOn(token, await createObligingRing())).toBe(reason);
  });

  test.each(REFUSED_KEYS)('the key of %s makes no key ring', async (_name, key) => {
    await expect(createKeyRing({ current: { jwk: key } })).rejects.toThrow(TypeError);
  });

  test('are refused for more than the ring: the one that it can open goes further', async () => {
    expect(verdictOn(compact, await createObligingRing())).toBe('claims_not_json');
  });
});
