import { expect, test } from '@jest/globals';
import { rateLimitHeaders } from '../../src/base/rate-limit-headers.js';

const LIMIT = { name: 'minute', quota: 60, windowSeconds: 60, remaining: 12 };

test('no limits have no headers', () => {
  expect(rateLimitHeaders([])).toEqual({});
});

test('limits are Lists with the quota, window and unit, and the remaining units (draft-ietf-httpapi-ratelimit-headers-11 §3, §4)', () => {
  const limits = [
    { ...LIMIT, unit: 'requests', resetSeconds: 7.2 },
    { name: 'running', quota: 5, unit: 'concurrent-requests', remaining: 0 },
  ];

  expect(rateLimitHeaders(limits)).toEqual({
    'RateLimit-Policy': '"minute";q=60;w=60;qu="requests", "running";q=5;qu="concurrent-requests"',
    RateLimit: '"minute";r=12;t=8, "running";r=0',
  });
});

test('a limit without unit has none in the header, which means requests', () => {
  expect(rateLimitHeaders([LIMIT])['RateLimit-Policy']).toBe('"minute";q=60;w=60');
});

test.each([
  [-3, 0],
  [4.9, 4],
  [Number.MAX_SAFE_INTEGER, 999_999_999_999_999],
])('%d remaining units are the Integer %i (RFC 9651 §3.3.1)', (remaining, expected) => {
  expect(rateLimitHeaders([{ ...LIMIT, remaining }])['RateLimit']).toBe(`"minute";r=${expected}`);
});
