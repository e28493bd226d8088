import type { NumericDate } from '../base/clock.js';
import { openProven, parseToken } from './decrypt-token.js';
import type { OpeningPolicy } from './open-token.js';

/**
 * Whether a token proves that its issuer issued it. Synchronous, for the audit trail.
 * @param token one that was accepted, so that the signature of a nested JWS has verified.
 */
export function isProven(token: string, policy: OpeningPolicy, now: NumericDate): boolean {
  try {
    const parsed = parseToken(token, policy, now);
    if (parsed.read.header['cty'] !== undefined) return true;
    return parsed.key.alg === 'dir' && openProven(parsed, parsed.key) !== undefined;
  } catch {
    return false;
  }
}
