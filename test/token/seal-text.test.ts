import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { openText, sealText } from '../../src/token/seal-text.js';

const KEY = createSecretKey(Buffer.alloc(32, 7));
const SECRETS = { token: 'secret', key: KEY };

/** As stores hold it: whatever changes, it is still to be opened. */
const STORED = '2fE8Wrm3rhdI4fPKLfTDqcg_x8WxVrkBjIv_Os12etMO4Cnxijzk5iWIncdljcZhLfiTjkE';

describe('an encrypted text', () => {
  test('is decrypted with the token and key that encrypted it', () => {
    expect(openText(sealText('Grüße', SECRETS), SECRETS)).toBe('Grüße');
    expect(openText(sealText('', SECRETS), SECRETS)).toBe('');
  });

  test('is not decrypted with another token', () => {
    const sealed = sealText('text', SECRETS);
    for (const token of ['Secret', 'secret ', '']) {
      expect(() => openText(sealed, { ...SECRETS, token })).toThrow();
    }
  });

  test('is not decrypted with the token and another key', () => {
    const sealed = sealText('text', SECRETS);
    for (const bytes of [Buffer.alloc(32), Buffer.alloc(32, 8), Buffer.from('secret')]) {
      expect(() => openText(sealed, { ...SECRETS, key: createSecretKey(bytes) })).toThrow();
    }
  });

  test('can be decrypted if it was stored by an earlier version', () => {
    expect(openText(STORED, { ...SECRETS, token: 'the token that was presented' })).toBe(
      'the token that follows it',
    );
  });

  test('is IV, tag and ciphertext in base64url', () => {
    const sealed = sealText('text', SECRETS);
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(sealed, 'base64url')).toHaveLength(12 + 16 + 4);
  });

  test('differs each time', () => {
    expect(sealText('text', SECRETS)).not.toBe(sealText('text', SECRETS));
  });

  test('is not decrypted with any byte changed or removed', () => {
    const bytes = Buffer.from(sealText('text', SECRETS), 'base64url');
    for (const [position, byte] of bytes.entries()) {
      const altered = Buffer.from(bytes);
      altered[position] = byte ^ 1;
      expect(() => openText(altered.toString('base64url'), SECRETS)).toThrow();
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => openText(bytes.subarray(0, length).toString('base64url'), SECRETS)).toThrow();
    }
  });
});
