import type { NumericDate } from '../base/clock.js';
import type { DecryptedToken } from './decrypt-token.js';
import { type OpeningPolicy, openToken } from './open-token.js';
import { digestToken, TokenCache, type TokenCacheLimits } from './token-cache.js';
import { bitOf, TokenSightings } from './token-sightings.js';

/** Opens tokens as `openToken` does, and throws what that throws. */
export type TokenOpener = (token: string, now: NumericDate) => DecryptedToken | Promise<DecryptedToken>;

/**
 * Opens tokens, and keeps those that come again. The first time a token only leaves a trace, so that tokens that are
 * used once cost neither a digest nor memory; from the second time on it is kept.
 */
export function createTokenOpener(policy: OpeningPolicy, limits: TokenCacheLimits): TokenOpener {
  if (limits === undefined) return (token, now) => openToken(token, policy, now);
  const sightings = new TokenSightings();
  const cache = new TokenCache(policy.keyRing, limits);

  const openRepeated: TokenOpener = (token, now) => {
    const digest = digestToken(token);
    const kept = cache.find(digest, now);
    if (kept !== undefined) return kept;
    const circumstances = { length: token.length, now };
    return whenOpened(openToken(token, policy, now), (opened) => cache.keep(digest, opened, circumstances));
  };

  return (token, now) => {
    const bit = bitOf(token);
    if (sightings.has(bit)) return openRepeated(token, now);
    return whenOpened(openToken(token, policy, now), () => sightings.add(bit));
  };
}

/** Waits only where there is something to wait for. Failures pass, and nothing is done about them. */
function whenOpened(
  opened: DecryptedToken | Promise<DecryptedToken>,
  act: (token: DecryptedToken) => void,
): DecryptedToken | Promise<DecryptedToken> {
  if (opened instanceof Promise) {
    return opened.then((token) => {
      act(token);
      return token;
    });
  }
  act(opened);
  return opened;
}
