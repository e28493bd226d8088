import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, NumericDate } from '../base/clock.js';

/** Longest wait for a time that should be less than a second away, were all clocks right. */
const MAX_WAIT_MS = 5000;

/**
 * When a store that begins now begins for tokens: `iat` is whole seconds, so a token of the present second may have
 * been issued, and revoked, before.
 */
export function nextWholeSecond(now: NumericDate): NumericDate {
  return Math.ceil(now);
}

/** Until tokens that are issued now are younger than the store. Timers may fire a millisecond early. */
export async function untilTime(time: NumericDate, clock: Clock): Promise<void> {
  const waitMs = Math.min(MAX_WAIT_MS, Math.ceil((time - clock()) * 1000));
  if (waitMs > 0) await wait(waitMs + 1);
}
