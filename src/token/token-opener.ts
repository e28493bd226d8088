import type { NumericDate } from '../base/clock.js';
import { type DecryptedToken, type DecryptionOptions, decryptToken, isProven } from './decrypt-token.js';
import { AdmissionFilter, bitOf, digestToken, TokenCache, type TokenCacheLimits } from './token-cache.js';

type Opened = DecryptedToken | Promise<DecryptedToken>;

/**
 * Decrypts tokens through a cache, with or without a required proof of issuance. `open` and `openProven` throw (or
 * reject with) the errors of `decryptToken`.
 */
export interface TokenOpener {
  /** Decrypt a token, with or without a proof of issuance. */
  open(token: string, now: NumericDate): Opened;
  /** Decrypt a token that must have a proof of issuance. */
  openProven(token: string, now: NumericDate): Opened;
  /** Whether an accepted token has a proof of issuance. */
  isProven(token: string, now: NumericDate): boolean;
}

/** Create a token opener. @param limits cache limits. `undefined` disables the cache. */
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

/** Call `act` with a decrypted token, synchronously if decryption was synchronous. Rejections pass through. */
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
