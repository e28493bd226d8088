import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isNumericDate, type NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import { assertOptions, type KnownOptions } from '../base/options.js';

/** Limits of the cache for decrypted tokens. */
export interface TokenCacheOptions {
  /** Maximum number of tokens. The least recently used token is evicted first. Default 10 000. */
  readonly maxEntries?: number;
  /** Maximum memory in bytes, estimated from the token lengths. Default 67 108 864 (64 MiB). */
  readonly maxBytes?: number;
}

const KNOWN: KnownOptions<TokenCacheOptions> = { maxEntries: true, maxBytes: true };

/** Estimated heap per character: three times the typical value, because claims with many small members need more. */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_ENTRY = 512;

/** Minimum interval between removals of expired tokens, in seconds. */
const SWEEP_SECONDS = 60;

/** Resolved `TokenCacheOptions`. `undefined` disables the cache. */
export type TokenCacheLimits = Required<TokenCacheOptions> | undefined;

/**
 * Validate the option `tokenCache` and apply its defaults.
 *
 * @param where function that takes the option, for the error messages.
 * @throws TypeError for an unknown or malformed option.
 */
export function resolveTokenCache(
  options: TokenCacheOptions | false = {},
  where = 'createTokenVerifier',
): TokenCacheLimits {
  if (options === false) return undefined;
  assertOptions(options, KNOWN, `${where}: tokenCache`);
  const { maxEntries = 10_000, maxBytes = 67_108_864 } = options;
  for (const [name, value] of Object.entries({ maxEntries, maxBytes })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(
        `${where}: tokenCache.${name} must be a positive integer: to disable the cache, set tokenCache to false`,
      );
    }
  }
  return Object.freeze({ maxEntries, maxBytes });
}

/** Compute the cache key of a token: its SHA-256, so that the cache stores no bearer tokens. */
export function digestToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Members of a decrypted token that limit the time in the cache. */
export interface CacheableToken {
  readonly claims: JsonObject;
}

/**
 * LRU cache of decrypted tokens, by digest. Caches only the result of decryption. Claims, API keys and revocations are
 * checked at each use.
 */
export class TokenCache<Token extends CacheableToken> {
  readonly #isCurrent: (token: Token, now: NumericDate) => boolean;
  readonly #entries: LRUCache<string, Token>;
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** @param isCurrent whether the keys that opened a token are still in use, and have not expired. */
  constructor(
    isCurrent: (token: Token, now: NumericDate) => boolean,
    { maxEntries, maxBytes }: Required<TokenCacheOptions>,
  ) {
    this.#isCurrent = isCurrent;
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Estimated memory in bytes. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Find a token that has not expired and whose keys are still in use. */
  find(digest: string, now: NumericDate): Token | undefined {
    const token = this.#entries.get(digest);
    if (token === undefined || this.#isLive(token, now)) return token;
    this.#entries.delete(digest);
    return undefined;
  }

  /** Cache a token that has not expired. @param length token length in characters. */
  keep(digest: string, token: Token, { length, now }: { length: number; now: NumericDate }): void {
    this.#sweep(now);
    if (!this.#isLive(token, now)) return;
    this.#entries.set(digest, token, { size: BYTES_PER_ENTRY + BYTES_PER_CHARACTER * length });
  }

  #isLive(token: Token, now: NumericDate): boolean {
    return hasTime(token, now) && this.#isCurrent(token, now);
  }

  #sweep(now: NumericDate): void {
    if (!(now >= this.#sweptAt + SWEEP_SECONDS)) return;
    this.#sweptAt = now;
    for (const [digest, token] of this.#entries.entries()) {
      if (!hasTime(token, now)) this.#entries.delete(digest);
    }
  }
}

function hasTime({ claims: { exp } }: CacheableToken, now: NumericDate): boolean {
  return isNumericDate(exp) && exp > now;
}

/** Number of bits in a generation (64 KiB). */
const BITS = 2 ** 19;

/** Maximum number of set bits in a generation. The false-positive rate is one in eight if both generations are full. */
const MAX_BITS_SET = BITS / 16;

/** Number of final characters that `bitOf` hashes. They encode the tag, which is uniformly distributed. */
const HASHED_CHARACTERS = 10;

/**
 * Two-generation Bloom filter of recently seen tokens. It admits a token to the cache at the second use, so tokens that
 * are used once cost neither a digest nor a cache entry. A token is forgotten after 32 768 to 65 536 other tokens.
 */
export class AdmissionFilter {
  #recent = new Uint32Array(BITS / 32);
  #older = new Uint32Array(BITS / 32);
  #count = 0;

  /** Whether a token was recently seen. @param bit result of `bitOf`. */
  has(bit: number): boolean {
    if (isSet(this.#recent, bit)) return true;
    if (!isSet(this.#older, bit)) return false;
    this.#set(bit);
    return true;
  }

  /** Record a token as seen. @param bit result of `bitOf`. */
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

/** Hash a token to a bit of the filter. Collision resistance is not needed: a collision costs only one digest. */
export function bitOf(token: string): number {
  let mixed = 0;
  for (let index = Math.max(0, token.length - HASHED_CHARACTERS); index < token.length; index += 1) {
    mixed = Math.imul(mixed, 31) + token.charCodeAt(index);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & (BITS - 1);
}

type Opened<Token> = Token | Promise<Token>;

/**
 * Cache that admits a token at its second use. Tokens that are used once therefore cost neither a digest nor an entry.
 */
export class AdmittingCache<Token extends CacheableToken> {
  readonly #cache: TokenCache<Token>;
  readonly #seen = new AdmissionFilter();

  /** @param isCurrent whether the keys that opened a token are still in use, and have not expired. */
  constructor(isCurrent: (token: Token, now: NumericDate) => boolean, limits: Required<TokenCacheOptions>) {
    this.#cache = new TokenCache(isCurrent, limits);
  }

  /** Find a cached token. */
  find(token: string, now: NumericDate): Token | undefined {
    return this.#seen.has(bitOf(token)) ? this.#cache.find(digestToken(token), now) : undefined;
  }

  /**
   * Return a cached token, or open the token and cache it at its second use. Errors pass through, and rejected tokens
   * do not count as used.
   *
   * @param decrypt opens the token. Create the function once, because a closure for each token costs time.
   * @param isEnough whether a cached token meets the requirements of this use.
   */
  open(
    token: string,
    now: NumericDate,
    decrypt: (token: string, now: NumericDate) => Opened<Token>,
    isEnough?: (cached: Token) => boolean,
  ): Opened<Token> {
    const bit = bitOf(token);
    if (!this.#seen.has(bit)) return this.#admit(decrypt(token, now), bit);
    const digest = digestToken(token);
    const cached = this.#cache.find(digest, now);
    if (cached !== undefined && (isEnough === undefined || isEnough(cached))) return cached;
    return this.#keep(decrypt(token, now), digest, { length: token.length, now });
  }

  /** Count a token as used, synchronously if opening was synchronous. Rejections pass through. */
  #admit(opened: Opened<Token>, bit: number): Opened<Token> {
    if (opened instanceof Promise) {
      return opened.then((token) => {
        this.#seen.add(bit);
        return token;
      });
    }
    this.#seen.add(bit);
    return opened;
  }

  #keep(
    opened: Opened<Token>,
    digest: string,
    entry: { readonly length: number; readonly now: NumericDate },
  ): Opened<Token> {
    if (opened instanceof Promise) {
      return opened.then((token) => {
        this.#cache.keep(digest, token, entry);
        return token;
      });
    }
    this.#cache.keep(digest, opened, entry);
    return opened;
  }
}
