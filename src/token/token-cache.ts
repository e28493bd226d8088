import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { DecryptedToken } from './decrypt-token.js';

/** Bounds of the cache of decrypted tokens. */
export interface TokenCacheOptions {
  /** Maximum number of tokens. The least recently used ones are evicted. Default 10 000. */
  readonly maxEntries?: number;
  /** Maximum memory in bytes, estimated from the length of the tokens. Default 67 108 864 (64 MiB). */
  readonly maxBytes?: number;
}

const KNOWN: KnownOptions<TokenCacheOptions> = { maxEntries: true, maxBytes: true };

/** Three times the heap of a typical token (Node 20), since claims with many small members take more. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_ENTRY = 512;

/** Interval at which expired tokens are removed. */
const SWEEP_SECONDS = 60;

/** The options with their defaults. `undefined` disables the cache. */
export type TokenCacheLimits = Required<TokenCacheOptions> | undefined;

/** @throws TypeError for an unknown option or a malformed bound. */
export function resolveTokenCache(options: TokenCacheOptions | false = {}): TokenCacheLimits {
  if (options === false) return undefined;
  assertOptions(options, KNOWN, 'tokenCache');
  const { maxEntries = 10_000, maxBytes = 67_108_864 } = options;
  for (const [name, value] of Object.entries({ maxEntries, maxBytes })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(
        `tokenCache.${name} must be a positive integer; tokenCache: false disables the cache`,
      );
    }
  }
  return Object.freeze({ maxEntries, maxBytes });
}

/** Cache key of a token: its SHA-256, so that the cache holds no bearer token. */
export function digestToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * LRU cache of decrypted tokens, by digest. It caches what decryption yields and no verdict: claims, API keys and
 * revocations are checked at each use.
 */
export class TokenCache {
  readonly #keyRing: KeyRingInternals;
  readonly #entries: LRUCache<string, DecryptedToken>;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(keyRing: KeyRingInternals, { maxEntries, maxBytes }: Required<TokenCacheOptions>) {
    this.#keyRing = keyRing;
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Estimated memory. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Finds a token that has not expired and whose key is still in the key ring. */
  find(digest: string, now: NumericDate): DecryptedToken | undefined {
    const token = this.#entries.get(digest);
    if (token === undefined || this.#isLive(token, now)) return token;
    this.#entries.delete(digest);
    return undefined;
  }

  /** @param length of the token, in characters. */
  keep(digest: string, token: DecryptedToken, { length, now }: { length: number; now: NumericDate }): void {
    this.#sweep(now);
    if (!isCacheable(token) || !this.#isLive(token, now)) return;
    this.#entries.set(digest, token, { size: BYTES_PER_ENTRY + BYTES_PER_CHARACTER * length });
  }

  /** The key is compared by identity: a reloaded ring may have another key with the same `kid`. */
  #isLive({ claims, key }: DecryptedToken, now: NumericDate): boolean {
    const { exp } = claims;
    const hasTime = typeof exp === 'number' && exp > now;
    const isValidKey = key.notAfter === undefined || key.notAfter > now;
    return hasTime && isValidKey && this.#keyRing.decryptionKey(key.kid) === key;
  }

  #sweep(now: NumericDate): void {
    if (!(now >= this.#sweptAt + SWEEP_SECONDS)) return;
    this.#sweptAt = now;
    for (const [digest, token] of this.#entries.entries()) {
      if (!this.#isLive(token, now)) this.#entries.delete(digest);
    }
  }
}

/** Nested tokens are not cached, since the key of their signature may be withdrawn at any time. */
function isCacheable({ claims, signedHeader }: DecryptedToken): boolean {
  return signedHeader === undefined && isNumericDate(claims['exp']);
}

/** Bits of one generation: 64 KiB. */
const BITS = 2 ** 19;

/** With this many bits set in both generations, one new token in eight is a false positive. */
const MAX_BITS_SET = BITS / 16;

/** Characters that `bitOf` reads: the last ones encode the tag, which is uniformly distributed. */
const HASHED_CHARACTERS = 10;

/**
 * Two-generation Bloom filter of recently seen tokens: it admits a token to the cache at its second use. Tokens that are
 * used once cost neither a digest nor an entry. A token is forgotten after 32 768 to 65 536 others.
 */
export class AdmissionFilter {
  #recent = new Uint32Array(BITS / 32);
  #older = new Uint32Array(BITS / 32);
  #count = 0;

  /** @param bit of the token, by `bitOf`. */
  has(bit: number): boolean {
    if (isSet(this.#recent, bit)) return true;
    if (!isSet(this.#older, bit)) return false;
    this.#set(bit);
    return true;
  }

  /** @param bit of the token, by `bitOf`. */
  add(bit: number): void {
    if (!isSet(this.#recent, bit)) this.#set(bit);
  }

  #set(bit: number): void {
    if (this.#count === MAX_BITS_SET) {
      [this.#recent, this.#older] = [this.#older.fill(0), this.#recent];
      this.#count = 0;
    }
    const word = bit >>> 5;
    this.#recent[word] = (this.#recent[word] ?? 0) | (1 << (bit & 31));
    this.#count += 1;
  }
}

function isSet(bits: Uint32Array, bit: number): boolean {
  return (((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1;
}

/** Bit of a token in the filter. Not collision-resistant: a chosen collision costs one superfluous digest. */
export function bitOf(token: string): number {
  let mixed = 0;
  for (let index = Math.max(0, token.length - HASHED_CHARACTERS); index < token.length; index += 1) {
    mixed = Math.imul(mixed, 31) + token.charCodeAt(index);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & (BITS - 1);
}
