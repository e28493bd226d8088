import { beforeAll, describe, expect, test } from '@jest/globals';
import type { NumericDate } from '../../src/base/clock.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { DecryptedToken } from '../../src/token/decrypt-token.js';
import {
  digestToken,
  resolveTokenCache,
  TokenCache,
  type TokenCacheOptions,
} from '../../src/token/token-cache.js';
import { AUDIENCE, createRing, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { decryptWith } from '../support/verdicts.js';

let ring: KeyRing;

beforeAll(async () => {
  ring = await createRing();
});

const cacheOf = (options: TokenCacheOptions = {}) =>
  new TokenCache<DecryptedToken>(isInUse, { maxEntries: 10, maxBytes: 1_000_000, ...options });

/** Whether the key of a token is in the ring. */
const isInUse = ({ key }: DecryptedToken): boolean => internalsOf(ring).decryptionKey(key.kid) === key;

interface Minted {
  readonly token: string;
  readonly decrypted: DecryptedToken;
}

async function mint(claims: Record<string, unknown> = {}): Promise<Minted> {
  const token = mintToken(ring, { claims });
  return { token, decrypted: await decryptWith(ring, token) };
}

function keep(cache: TokenCache<DecryptedToken>, { token, decrypted }: Minted, now: NumericDate = NOW): void {
  cache.keep(digestToken(token), decrypted, { length: token.length, now });
}

describe('TokenCache', () => {
  test('finds a token by its digest', async () => {
    const [cache, minted] = [cacheOf(), await mint()];
    keep(cache, minted);
    expect(cache.find(digestToken(minted.token), NOW)).toBe(minted.decrypted);
    expect(cache.find(digestToken(`${minted.token}A`), NOW)).toBeUndefined();
  });

  test('evicts the least recently used token above maxEntries', async () => {
    const cache = cacheOf({ maxEntries: 2 });
    const [first, second, third] = [await mint(), await mint(), await mint()];
    keep(cache, first);
    keep(cache, second);
    cache.find(digestToken(first.token), NOW);
    keep(cache, third);
    const found = [first, second, third].map(
      ({ token }) => cache.find(digestToken(token), NOW) !== undefined,
    );
    expect(found).toEqual([true, false, true]);
  });

  test('keeps to maxBytes, and caches no token that exceeds it alone', async () => {
    const [cache, small] = [cacheOf({ maxBytes: 10_000 }), await mint()];
    for (let kept = 0; kept < 20; kept += 1) keep(cache, await mint());
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
    expect(cache.size).toBeLessThan(10);
    const [tiny, large] = [cacheOf({ maxBytes: 100 }), small];
    keep(tiny, large);
    expect(tiny.size).toBe(0);
  });

  test('counts 512 bytes per token and three per character', async () => {
    const [cache, minted] = [cacheOf(), await mint()];
    keep(cache, minted);
    expect(cache.bytes).toBe(512 + 3 * minted.token.length);
  });

  test('removes a token at its exp, regardless of clock tolerance', async () => {
    const [cache, minted] = [cacheOf(), await mint()];
    keep(cache, minted);
    expect(cache.find(digestToken(minted.token), NOW + 599.9)).toBeDefined();
    expect(cache.find(digestToken(minted.token), NOW + 600)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  test('removes expired tokens that are not used', async () => {
    const cache = cacheOf();
    keep(cache, await mint());
    keep(cache, await mint({ exp: NOW + 5000 }), NOW + 700);
    expect(cache.size).toBe(1);
  });

  test('sweeps expired tokens once a minute', async () => {
    const cache = cacheOf();
    keep(cache, await mint({ exp: NOW + 10 }));
    keep(cache, await mint(), NOW + 59);
    expect(cache.size).toBe(2);
    keep(cache, await mint(), NOW + 60);
    expect(cache.size).toBe(2);
  });

  test('caches no expired token', async () => {
    const cache = cacheOf();
    keep(cache, await mint(), NOW + 600);
    expect(cache.size).toBe(0);
  });

  test.each([[undefined], [null], ['9999999999'], [Number.MAX_VALUE]])(
    'caches no token whose exp is %j',
    async (exp) => {
      const cache = cacheOf();
      keep(cache, await mint({ exp }));
      expect(cache.size).toBe(0);
    },
  );

  test('removes a token whose keys are no longer in use', async () => {
    let isCurrent = true;
    const cache = new TokenCache<DecryptedToken>(() => isCurrent, { maxEntries: 10, maxBytes: 1_000_000 });
    const { token, decrypted } = await mint();
    keep(cache, { token, decrypted });
    expect(cache.find(digestToken(token), NOW)).toBeDefined();
    isCurrent = false;
    expect(cache.find(digestToken(token), NOW)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  test('caches no token whose key was replaced by another with the same kid', async () => {
    const [cache, minted] = [cacheOf(), await mint()];
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
  test('defaults to 10 000 tokens and 64 MiB', () => {
    expect(resolveTokenCache()).toEqual({ maxEntries: 10_000, maxBytes: 67_108_864 });
    expect(resolveTokenCache({ maxBytes: 5000 })).toEqual({ maxEntries: 10_000, maxBytes: 5000 });
  });

  test('accepts bounds of one, and returns a frozen object', () => {
    const limits = resolveTokenCache({ maxEntries: 1, maxBytes: 1 });
    expect(limits).toEqual({ maxEntries: 1, maxBytes: 1 });
    expect(Object.isFrozen(limits)).toBe(true);
  });

  test('returns undefined for false', () => {
    expect(resolveTokenCache(false)).toBeUndefined();
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10'])('rejects the bound %p', (bound) => {
    expect(() => resolveTokenCache(untyped({ maxEntries: bound }))).toThrow(
      'createTokenVerifier: tokenCache.maxEntries',
    );
    expect(() => resolveTokenCache(untyped({ maxBytes: bound }))).toThrow(
      'createTokenVerifier: tokenCache.maxBytes',
    );
  });

  test('rejects an unknown option', () => {
    expect(() => resolveTokenCache(untyped({ max: 5 }))).toThrow(
      new TypeError(
        'createTokenVerifier: tokenCache: unknown option max; expected one of: maxEntries, maxBytes',
      ),
    );
  });
});
