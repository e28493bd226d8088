import { describe, expect, test } from '@jest/globals';
import { openText, sealText } from '../../src/jwe/seal-text.js';

/** As stores hold it: whatever changes, it is still to be opened. */
const STORED = 'e2H5UpvR8x-D3w90EBZowDunCK8dgJdgnHVNRgR3YVAFTvbx9yT554dzapX0y64DfI1c08c';

describe('a sealed text', () => {
  test('is opened by the text under which it was sealed', () => {
    expect(openText(sealText('Grüße', 'secret'), 'secret')).toBe('Grüße');
    expect(openText(sealText('', 'secret'), 'secret')).toBe('');
  });

  test('is opened by no other', () => {
    const sealed = sealText('text', 'secret');
    for (const secret of ['Secret', 'secret ', '']) expect(() => openText(sealed, secret)).toThrow();
  });

  test('is opened where it is stored already', () => {
    expect(openText(STORED, 'the token that was presented')).toBe('the token that follows it');
  });

  test('is IV, tag and ciphertext in base64url', () => {
    const sealed = sealText('text', 'secret');
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(sealed, 'base64url')).toHaveLength(12 + 16 + 4);
  });

  test('is another each time', () => {
    expect(sealText('text', 'secret')).not.toBe(sealText('text', 'secret'));
  });

  test('is not opened with any byte changed or cut', () => {
    const bytes = Buffer.from(sealText('text', 'secret'), 'base64url');
    for (const [position, byte] of bytes.entries()) {
      const altered = Buffer.from(bytes);
      altered[position] = byte ^ 1;
      expect(() => openText(altered.toString('base64url'), 'secret')).toThrow();
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => openText(bytes.subarray(0, length).toString('base64url'), 'secret')).toThrow();
    }
  });
});
