import { beforeAll, describe, expect, test } from '@jest/globals';
import type { NumericDate } from '../../src/base/clock.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf, type KeyRingInternals } from '../../src/keys/key-ring-internals.js';
import { type DecryptedToken, decryptToken } from '../../src/token/decrypt-token.js';
import {
  digestToken,
  resolveTokenCache,
  TokenCache,
  type TokenCacheOptions,
} from '../../src/token/token-cache.js';
import { AUDIENCE, createRing, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let ring: KeyRing;

beforeAll(async () => {
  ring = await createRing();
});

const cacheOf = (options: TokenCacheOptions = {}) =>
  new TokenCache(internalsOf(ring), { maxEntries: 10, maxBytes: 1_000_000, ...options });

/** The ring with another key under whatever name. */
function withKey(key: ContentKey): KeyRingInternals {
  return { ...internalsOf(ring), decryptionKey: () => key };
}

function mint(claims: Record<string, unknown> = {}): { token: string; decrypted: DecryptedToken } {
  const token = mintToken(ring, { claims });
  return { token, decrypted: decryptToken(token, { keyRing: internalsOf(ring), maxTokenLength: 8192 }, NOW) };
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

  test('counts 512 bytes for an entry, and three for each of its characters', () => {
    const [cache, minted] = [cacheOf(), mint()];
    keep(cache, minted);
    expect(cache.bytes).toBe(512 + 3 * minted.token.length);
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

  test('looks for expired tokens once a minute, not with every token', () => {
    const cache = cacheOf();
    keep(cache, mint({ exp: NOW + 10 }));
    keep(cache, mint(), NOW + 59);
    expect(cache.size).toBe(2);
    keep(cache, mint(), NOW + 60);
    expect(cache.size).toBe(2);
  });

  test('keeps no token that has expired', () => {
    const cache = cacheOf();
    keep(cache, mint(), NOW + 600);
    expect(cache.size).toBe(0);
  });

  test.each([[undefined], [null], ['9999999999'], [Number.MAX_VALUE]])(
    'keeps no token whose exp is %j',
    (exp) => {
      const cache = cacheOf();
      keep(cache, mint({ exp }));
      expect(cache.size).toBe(0);
    },
  );

  test('keeps no token with a nested signature', () => {
    const [cache, { token, decrypted }] = [cacheOf(), mint()];
    keep(cache, { token, decrypted: { ...decrypted, signedHeader: { alg: 'EdDSA' } } });
    expect(cache.size).toBe(0);
  });

  test('forgets a token when its key ends', () => {
    const ending: ContentKey = {
      ...internalsOf(ring).encryptionKey('access', AUDIENCE),
      notAfter: NOW + 100,
    };
    const cache = new TokenCache(withKey(ending), { maxEntries: 10, maxBytes: 1_000_000 });
    const { token, decrypted } = mint();
    keep(cache, { token, decrypted: { ...decrypted, key: ending } });
    expect(cache.find(digestToken(token), NOW + 99)).toBeDefined();
    expect(cache.find(digestToken(token), NOW + 100)).toBeUndefined();
  });

  test('forgets a token whose key gave way to another of the same name', () => {
    const [cache, minted] = [cacheOf(), mint()];
    const other: ContentKey = { ...internalsOf(ring).encryptionKey('access', AUDIENCE) };
    keep(cache, { ...minted, decrypted: { ...minted.decrypted, key: other } });
    expect(cache.size).toBe(0);
  });
});

describe('digestToken', () => {
  test('is SHA-256 in base64url (FIPS 180-4, the digest of "abc")', () => {
    expect(digestToken('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});

describe('resolveTokenCache', () => {
  test('keeps 10 000 tokens in 64 MiB by default', () => {
    expect(resolveTokenCache()).toEqual({ maxEntries: 10_000, maxBytes: 67_108_864 });
    expect(resolveTokenCache({ maxBytes: 5000 })).toEqual({ maxEntries: 10_000, maxBytes: 5000 });
  });

  test('takes a bound of one, and is frozen', () => {
    const limits = resolveTokenCache({ maxEntries: 1, maxBytes: 1 });
    expect(limits).toEqual({ maxEntries: 1, maxBytes: 1 });
    expect(Object.isFrozen(limits)).toBe(true);
  });

  test('keeps nothing where it is false', () => {
    expect(resolveTokenCache(false)).toBeUndefined();
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10'])('refuses the bound %p', (bound) => {
    expect(() => resolveTokenCache(untyped({ maxEntries: bound }))).toThrow('tokenCache.maxEntries');
    expect(() => resolveTokenCache(untyped({ maxBytes: bound }))).toThrow('tokenCache.maxBytes');
  });

  test('refuses an option that there is not', () => {
    expect(() => resolveTokenCache(untyped({ max: 5 }))).toThrow(
      new TypeError('tokenCache has no option of that name: max'),
    );
  });
});
