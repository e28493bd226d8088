import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, NumericDate } from '../base/clock.js';

/** Maximum wait. With correct clocks, the time is less than a second away. */
const MAX_WAIT_MS = 5000;

/**
 * Returns the `completeSince` of a store that is created now. `iat` has whole seconds (RFC 7519 §4.1.6), so a token of
 * the current second may have been issued, and revoked, before.
 */
export function nextWholeSecond(now: NumericDate): NumericDate {
  return Math.ceil(now);
}

/** Waits until new tokens are younger than the store. Timers may fire a millisecond early. */
export async function untilTime(time: NumericDate, clock: Clock): Promise<void> {
  const waitMs = Math.min(MAX_WAIT_MS, Math.ceil((time - clock()) * 1000));
  if (waitMs > 0) await wait(waitMs + 1);
}
