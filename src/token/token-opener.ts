import type { NumericDate } from '../base/clock.js';
import { type DecryptedToken, type DecryptionOptions, decryptToken, isProven } from './decrypt-token.js';
import { AdmittingCache, type TokenCacheLimits } from './token-cache.js';

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
  const cache = new AdmittingCache<DecryptedToken>((token, now) => isCurrent(token, options, now), limits);
  const isEnough = (cached: DecryptedToken) => cached.isProven === true;

  const decrypt = (token: string, now: NumericDate) => decryptToken(token, options, now);
  const decryptProven = (token: string, now: NumericDate) => decryptToken(token, proven, now);

  return {
    open: (token, now) => cache.open(token, now, decrypt),
    openProven: (token, now) => cache.open(token, now, decryptProven, isEnough),
    isProven: (token, now) => cache.find(token, now)?.isProven === true || isProven(token, options, now),
  };
}

/**
 * Whether a token may be used from the cache: its key is still in the key ring. Compare keys by identity, because a
 * reloaded key ring can reuse a `kid`. Nested tokens may not, because a signature key can be withdrawn at any time.
 */
function isCurrent(
  { key, signedHeader }: DecryptedToken,
  { keyRing }: DecryptionOptions,
  now: NumericDate,
): boolean {
  if (key.notAfter !== undefined && key.notAfter <= now) return false;
  return signedHeader === undefined && keyRing.decryptionKey(key.kid) === key;
}
