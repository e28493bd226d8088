import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { BASE62, checksumOf, parseApiKey } from '../../src/api-keys/parse-api-key.js';

/** Made once; the checksum was computed with Python: zlib.crc32, and divmod by 62. */
const EXAMPLE = 'pjwe_test_0123456789ABCDEFGHIJKLMNOPQRSTUV0i6E4J';

describe('parseApiKey', () => {
  test('recognises a generated key, with its prefix and environment', () => {
    expect(parseApiKey(EXAMPLE)).toEqual({ kind: 'ok', prefix: 'pjwe', environment: 'test' });
  });

  test('finds every single character that was mistyped', () => {
    fc.assert(
      fc.property(fc.nat({ max: 37 }), fc.constantFrom(...BASE62), (place, character) => {
        const key = generateApiKey({ prefix: 'a', environment: 'b' });
        const at = key.length - 1 - place;
        fc.pre(key[at] !== character);
        expect(parseApiKey(key.slice(0, at) + character + key.slice(at + 1))).toEqual({ kind: 'typo' });
      }),
    );
  });

  test('finds two neighbours that were exchanged', () => {
    expect(parseApiKey(EXAMPLE.replace('89AB', '8A9B'))).toEqual({ kind: 'typo' });
  });

  test('covers prefix and environment by the checksum', () => {
    expect(parseApiKey(EXAMPLE.replace('_test_', '_prod_'))).toEqual({ kind: 'typo' });
    expect(parseApiKey(EXAMPLE.replace('pjwe_', 'pjwf_'))).toEqual({ kind: 'typo' });
  });

  test.each([
    '',
    'sk-enterprise-001',
    'sk_live_short',
    EXAMPLE.slice(0, -1),
    `${EXAMPLE}0`,
    `${EXAMPLE}\n`,
    ` ${EXAMPLE}`,
    EXAMPLE.replace('pjwe', 'PJWE'),
    EXAMPLE.replace('pjwe', 'a'.repeat(17)),
    EXAMPLE.replace('_test', ''),
    EXAMPLE.replace('0123', '01-3'),
  ])('lets other forms be: %j', (text) => {
    expect(parseApiKey(text)).toEqual({ kind: 'foreign' });
  });
});

describe('the checksum', () => {
  test.each([
    // The check value of CRC-32: cbf43926.
    ['123456789', '3jZRME'],
    ['', '000000'],
  ])('of %j is %s, in digits of base62 with leading zeros', (text, checksum) => {
    expect(checksumOf(text)).toBe(checksum);
  });
});
