import type { NumericDate, SteadyClock } from 'passport-jwe';
import { type Finding, type HealthCheck, PASSED } from './finding.js';
import { refreshedCheck } from './refreshed-check.js';

/** Skew in seconds above which the check is degraded. */
const WARNING_SECONDS = 1;

/** Skew in seconds above which the check fails: `clockToleranceSeconds`. Other instances reject new tokens from then on. */
const MAX_SKEW_SECONDS = 5;

const DEADLINE_MS = 800;

const STEPPED: Finding = {
  state: 'failed',
  reason: 'clock_stepped',
  advice: 'Correct the system time, and synchronize the clock, for example with chrony',
};

/** Reads the time of a server that all instances share. */
export type ReadTime = () => Promise<NumericDate>;

/**
 * Creates a check for the system time: a step, or a difference to the time of the shared store.
 *
 * @param readTime returns the time of the shared store. Default: the skew is not measured.
 */
export function clockCheck(clock: SteadyClock, readTime?: ReadTime): HealthCheck {
  const skew = readTime === undefined ? undefined : skewCheck(clock, readTime);
  return {
    read: () => (clock.isSteady() ? (skew?.read() ?? PASSED) : STEPPED),
    refresh: async () => skew?.refresh?.(),
  };
}

/** Creates a check that compares the clocks. While the store is unavailable, the last result remains. */
function skewCheck(clock: SteadyClock, readTime: ReadTime): HealthCheck {
  let latest = PASSED;
  return refreshedCheck({
    async inspect() {
      const askedAt = clock();
      const time = await readTime().catch(() => undefined);
      if (time !== undefined) latest = describeSkew(skewOf(time, askedAt, clock()));
      return latest;
    },
    deadlineMs: DEADLINE_MS,
    overdue: () => latest,
  });
}

/** Returns the minimum skew in seconds, positive if the own clock is ahead. The latency of the reply does not count. */
function skewOf(time: NumericDate, askedAt: NumericDate, answeredAt: NumericDate): number {
  if (time < askedAt) return askedAt - time;
  return time > answeredAt ? answeredAt - time : 0;
}

function describeSkew(seconds: number): Finding {
  const size = Math.abs(seconds);
  if (size < WARNING_SECONDS) return PASSED;
  return {
    state: size > MAX_SKEW_SECONDS ? 'failed' : 'degraded',
    reason: 'clock_skew',
    advice: 'Synchronize the clocks of this machine and of Redis, for example with chrony',
    facts: { skew_seconds: Math.round(seconds * 1000) / 1000 },
  };
}
