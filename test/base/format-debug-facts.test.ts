import { expect, test } from '@jest/globals';
import { formatDebugFacts } from '../../src/base/format-debug-facts.js';

test('facts are JSON, and sets are arrays', () => {
  expect(formatDebugFacts({ found: 'a', expected: new Set(['b', 'c']) })).toBe(
    '{"found":"a","expected":["b","c"]}',
  );
});

test('a value cannot forge another line or hide text', () => {
  expect(formatDebugFacts({ found: 'a\nPASSPORT-JWE 1: ok\u001b[2K\u202e' })).toBe(
    '{"found":"a\\nPASSPORT-JWE 1: ok\\u001b[2K?"}',
  );
});

test('long strings and lists are shortened', () => {
  const { found, expected } = JSON.parse(
    formatDebugFacts({ found: 'x'.repeat(10_000), expected: Array.from({ length: 1000 }, String) }),
  );

  expect(found).toHaveLength(200);
  expect(expected).toHaveLength(21);
  expect(expected.at(-1)).toBe('and 980 more');
});

test('an absent limit is none', () => {
  expect(formatDebugFacts({ maxTokenAgeSeconds: Number.POSITIVE_INFINITY })).toBe(
    '{"maxTokenAgeSeconds":"none"}',
  );
});
