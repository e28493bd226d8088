import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, NumericDate } from '../base/clock.js';

/** Maximum wait, in milliseconds. With synchronized clocks, the wait is less than a second. */
const MAX_WAIT_MS = 5000;

/**
 * Return `completeSince` for a new store: the current time, rounded up to a whole second. Tokens have an `iat` in
 * whole seconds (RFC 7519 §4.1.6), so a token of the current second may be older than the store.
 */
export function nextWholeSecond(now: NumericDate): NumericDate {
  return Math.ceil(now);
}

/** Wait until the clock reaches a time, but at most 5 s. Add a millisecond, because timers may fire early. */
export async function untilTime(time: NumericDate, clock: Clock): Promise<void> {
  const waitMs = Math.min(MAX_WAIT_MS, Math.ceil((time - clock()) * 1000));
  if (waitMs > 0) await wait(waitMs + 1);
}
