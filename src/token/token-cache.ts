import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { DecryptedToken } from './decrypt-token.js';

/** How many decrypted tokens a process keeps. */
export interface TokenCacheOptions {
  /** Tokens that are kept, those that were used last. Default 10 000. */
  readonly maxEntries?: number;
  /** Memory that they take, in bytes, estimated by their length. Default 67 108 864 (64 MiB). */
  readonly maxBytes?: number;
}

const KNOWN: KnownOptions<TokenCacheOptions> = { maxEntries: true, maxBytes: true };

/**
 * A token of 981 characters was measured to take 1.0 kB of heap while it is kept (Node 20). Three times as much is
 * counted, since claims of many small members take more than that one's.
 */
const BYTES_PER_CHARACTER = 3;
const BYTES_PER_ENTRY = 512;

/** Time between two looks at everything that may have expired. */
const SWEEP_SECONDS = 60;

/** The options with their defaults, or that nothing is kept. */
export type TokenCacheLimits = Required<TokenCacheOptions> | undefined;

/** @throws TypeError for options that make no sense. */
export function resolveTokenCache(options: TokenCacheOptions | false = {}): TokenCacheLimits {
  if (options === false) return undefined;
  assertOptions(options, KNOWN, 'tokenCache');
  const { maxEntries = 10_000, maxBytes = 67_108_864 } = options;
  for (const [name, value] of Object.entries({ maxEntries, maxBytes })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(
        `tokenCache.${name} must be a positive whole number; tokenCache: false keeps nothing`,
      );
    }
  }
  return Object.freeze({ maxEntries, maxBytes });
}

/** The name of a token that yields nothing about it: SHA-256, so that no bearer token is kept. */
export function digestToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Decrypted tokens by the digest of the whole token. What is kept is what decryption yields, deeply frozen, and no
 * verdict: whoever finds one checks everything else anew.
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

  /** What they take in memory, estimated. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** A token that its key still opens, and that has not expired. */
  find(digest: string, now: NumericDate): DecryptedToken | undefined {
    const token = this.#entries.get(digest);
    if (token === undefined || this.#isLive(token, now)) return token;
    this.#entries.delete(digest);
    return undefined;
  }

  /** @param length of the token, in characters. */
  keep(digest: string, token: DecryptedToken, { length, now }: { length: number; now: NumericDate }): void {
    this.#sweep(now);
    if (!isKeepable(token) || !this.#isLive(token, now)) return;
    this.#entries.set(digest, token, { size: BYTES_PER_ENTRY + BYTES_PER_CHARACTER * length });
  }

  /** The very key that opened it: a ring that has changed its keys since then holds others. */
  #isLive({ claims, key }: DecryptedToken, now: NumericDate): boolean {
    const { exp } = claims;
    const hasTime = typeof exp === 'number' && exp > now;
    const isInForce = key.notAfter === undefined || key.notAfter > now;
    return hasTime && isInForce && this.#keyRing.decryptionKey(key.kid) === key;
  }

  #sweep(now: NumericDate): void {
    if (!(now >= this.#sweptAt + SWEEP_SECONDS)) return;
    this.#sweptAt = now;
    for (const [digest, token] of this.#entries.entries()) {
      if (!this.#isLive(token, now)) this.#entries.delete(digest);
    }
  }
}

/** The keys that verified a nested signature are not here to be asked whether they still would. */
function isKeepable({ claims, signedHeader }: DecryptedToken): boolean {
  return signedHeader === undefined && isNumericDate(claims['exp']);
}
