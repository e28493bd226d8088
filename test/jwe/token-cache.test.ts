import { beforeAll, describe, expect, test } from '@jest/globals';
import type { NumericDate } from '../../src/clock.js';
import { type DecryptedToken, decryptToken } from '../../src/jwe/decrypt-token.js';
import {
  digestToken,
  resolveTokenCache,
  TokenCache,
  type TokenCacheOptions,
} from '../../src/jwe/token-cache.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { createRing, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let ring: KeyRing;

beforeAll(async () => {
  ring = await createRing();
});

const cacheOf = (options: TokenCacheOptions = {}) =>
  new TokenCache(ring, { maxEntries: 10, maxBytes: 1_000_000, ...options });

function mint(claims: Record<string, unknown> = {}): { token: string; decrypted: DecryptedToken } {
  const token = mintToken(ring, { claims });
  return { token, decrypted: decryptToken(token, { keyRing: ring, maxTokenLength: 8192 }, NOW) };
}

function keep(
  cache: TokenCache,
  { token, decrypted }: ReturnType<typeof mint>,
  now: NumericDate = NOW,
): void {
  cache.keep(digestToken(token), decrypted, { length: token.length, now });
}

describe('TokenCache', () => {
  test('finds what it was given, by the digest of the token', () => {
    const [cache, minted] = [cacheOf(), mint()];
    keep(cache, minted);
    expect(cache.find(digestToken(minted.token), NOW)).toBe(minted.decrypted);
    expect(cache.find(digestToken(`${minted.token}A`), NOW)).toBeUndefined();
  });

  test('keeps so many entries, those that were used last', () => {
    const cache = cacheOf({ maxEntries: 2 });
    const [first, second, third] = [mint(), mint(), mint()];
    keep(cache, first);
    keep(cache, second);
    cache.find(digestToken(first.token), NOW);
    keep(cache, third);
    const found = [first, second, third].map(
      ({ token }) => cache.find(digestToken(token), NOW) !== undefined,
    );
    expect(found).toEqual([true, false, true]);
  });

  test('keeps so many bytes, and nothing that takes more by itself', () => {
    const [cache, small] = [cacheOf({ maxBytes: 10_000 }), mint()];
    for (let kept = 0; kept < 20; kept += 1) keep(cache, mint());
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.size).toBeLessThan(10);
    const [tiny, large] = [cacheOf({ maxBytes: 100 }), small];
    keep(tiny, large);
    expect(tiny.size).toBe(0);
  });

  test('forgets a token at its exp, whatever tolerance readers have', () => {
    const [cache, minted] = [cacheOf(), mint()];
    keep(cache, minted);
    expect(cache.find(digestToken(minted.token), NOW + 599.9)).toBeDefined();
    expect(cache.find(digestToken(minted.token), NOW + 600)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  test('lets go of expired tokens that nobody asks for', () => {
    const cache = cacheOf();
    keep(cache, mint());
    keep(cache, mint({ exp: NOW + 5000 }), NOW + 700);
    expect(cache.size).toBe(1);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10'])('refuses the bound %p', (bound) => {
    expect(() => resolveTokenCache(untyped({ maxEntries: bound }))).toThrow('tokenCache.maxEntries');
    expect(() => resolveTokenCache(untyped({ maxBytes: bound }))).toThrow('tokenCache.maxBytes');
  });

  test('refuses an option that there is not', () => {
    expect(() => resolveTokenCache(untyped({ max: 5 }))).toThrow(TypeError);
  });
});
