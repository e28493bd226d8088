import type { NumericDate } from '../base/clock.js';
import { type DecryptedToken, type DecryptionOptions, decryptToken, isProven } from './decrypt-token.js';
import { AdmissionFilter, bitOf, digestToken, TokenCache, type TokenCacheLimits } from './token-cache.js';

type Opened = DecryptedToken | Promise<DecryptedToken>;

/**
 * Decrypts tokens, with or without proof of issuance, through one cache. Every method except `isProven` throws (or rejects)
 * as `decryptToken` does.
 */
export interface TokenOpener {
  open(token: string, now: NumericDate): Opened;
  /** Opens only tokens that carry a proof of issuance. */
  openProven(token: string, now: NumericDate): Opened;
  /** Tells whether a token that was accepted carries a proof of issuance. */
  isProven(token: string, now: NumericDate): boolean;
}

/** @param limits limits of the cache. `undefined` disables the cache. */
export function createTokenOpener(
  options: Omit<DecryptionOptions, 'requiresProof'>,
  limits: TokenCacheLimits,
): TokenOpener {
  return limits === undefined ? openUncached(options) : openCached(options, limits);
}

function openUncached(options: DecryptionOptions): TokenOpener {
  const proven = { ...options, requiresProof: true };
  return {
    open: (token, now) => decryptToken(token, options, now),
    openProven: (token, now) => decryptToken(token, proven, now),
    isProven: (token, now) => isProven(token, options, now),
  };
}

function openCached(options: DecryptionOptions, limits: NonNullable<TokenCacheLimits>): TokenOpener {
  const proven = { ...options, requiresProof: true };
  const cache = new TokenCache(options.keyRing, limits);
  const seen = new AdmissionFilter();

  const open = (token: string, required: DecryptionOptions, now: NumericDate): Opened => {
    const bit = bitOf(token);
    if (!seen.has(bit)) return whenDecrypted(decryptToken(token, required, now), () => seen.add(bit));
    const digest = digestToken(token);
    const cached = cache.find(digest, now);
    if (cached !== undefined && satisfies(cached, required)) return cached;
    const entry = { length: token.length, now };
    return whenDecrypted(decryptToken(token, required, now), (decrypted) =>
      cache.keep(digest, decrypted, entry),
    );
  };

  return {
    open: (token, now) => open(token, options, now),
    openProven: (token, now) => open(token, proven, now),
    isProven(token, now) {
      const cached = seen.has(bitOf(token)) ? cache.find(digestToken(token), now) : undefined;
      return cached?.isProven === true || isProven(token, options, now);
    },
  };
}

function satisfies(cached: DecryptedToken, { requiresProof = false }: DecryptionOptions): boolean {
  return !requiresProof || cached.isProven === true;
}

/** Acts on a decrypted token without delaying one that was decrypted synchronously. Failures pass through. */
function whenDecrypted(decrypted: Opened, act: (token: DecryptedToken) => void): Opened {
  if (decrypted instanceof Promise) {
    return decrypted.then((token) => {
      act(token);
      return token;
    });
  }
  act(decrypted);
  return decrypted;
}
