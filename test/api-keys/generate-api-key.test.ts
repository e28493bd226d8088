import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { BASE62, parseApiKey } from '../../src/api-keys/parse-api-key.js';

describe('generateApiKey', () => {
  test('writes prefix and environment, 32 random characters and 6 of the checksum', () => {
    expect(generateApiKey({ prefix: 'acme', environment: 'test' })).toMatch(/^acme_test_[0-9A-Za-z]{38}$/);
  });

  test('has a prefix and an environment of its own', () => {
    expect(generateApiKey()).toMatch(/^pjwe_production_/);
  });

  test('generates distinct keys that parseApiKey recognises', () => {
    const keys = Array.from({ length: 1000 }, () => generateApiKey());

    expect(new Set(keys.map((key) => parseApiKey(key).kind))).toEqual(new Set(['ok']));
    expect(new Set(keys).size).toBe(keys.length);
  });

  /** 64 000 characters, 1032 of each expected: six standard deviations are 191. */
  test('uses each of the 62 characters as often', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 2000; index += 1) {
      for (const character of generateApiKey().slice(-38, -6)) {
        counts.set(character, (counts.get(character) ?? 0) + 1);
      }
    }

    expect([...counts.keys()].sort()).toEqual([...BASE62].sort());
    for (const count of counts.values()) expect(Math.abs(count - 64_000 / 62)).toBeLessThan(191);
  });

  test.each([
    { prefix: '' },
    { prefix: 'Acme' },
    { prefix: 'a_b' },
    { prefix: 'a'.repeat(17) },
    { environment: '' },
    { environment: 'pre-prod' },
  ])('rejects %j, which scanners would miss', (options) => {
    expect(() => generateApiKey(options)).toThrow(/must be 1 to 16 characters from a-z 0-9/);
  });
});
