/** Seconds since 1970-01-01T00:00:00Z, leap seconds ignored, fractions allowed (RFC 7519 §2). */
export type NumericDate = number;

/** Maximum NumericDate: 9999-12-31T23:59:59Z. Larger values are probably milliseconds. */
export const MAX_NUMERIC_DATE = 253_402_300_799;

/** Whether a value is a number of seconds from 1970 to 9999 (RFC 7519 §2). */
export function isNumericDate(value: unknown): value is NumericDate {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMERIC_DATE;
}

/** Source of the current time in seconds. Tests can inject a fixed clock. */
export interface Clock {
  (): NumericDate;
  /**
   * Lower bound of the current time, in case the system time was set forward by mistake.
   *
   * Only records that expired before this bound are deleted. A revocation therefore outlasts its token, even if the
   * system time is corrected later.
   *
   * @default the current time of the clock
   */
  earliest?(): NumericDate;
}

/** The system clock. Its lower bound never exceeds the process start time plus the elapsed monotonic time. */
export const systemClock: Clock = Object.assign(() => Date.now() / 1000, {
  earliest: () => Math.min(Date.now(), performance.timeOrigin + performance.now()) / 1000,
});

/** Return the time before which expired records can be deleted safely. */
export function earliestOf(clock: Clock): NumericDate {
  return clock.earliest?.() ?? clock();
}

/** Wrap a clock so that it never goes back, even if the system time does. Use the result for durations only. */
export function forwardOnly(clock: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY;
  let aheadSeconds = 0;
  return () => {
    const now = clock() + aheadSeconds;
    aheadSeconds += Math.max(0, latest - now);
    latest = Math.max(latest, now);
    return latest;
  };
}

/**
 * Return a lower bound of the current time for short-lived records. Unlike `earliest()`, it catches up with a clock that
 * stays ahead, for example after the machine was suspended. Otherwise, records would be stored too long from then on.
 *
 * The returned function takes the remaining lifetime of the present record in seconds. A clock that was set forward is
 * trusted once it has stayed ahead for the longest of these lifetimes, so the records from before the step have expired.
 */
export function settledBound(clock: Clock): (lifetimeSeconds: number) => NumericDate {
  /** Smallest lead of the clock over its lower bound, in the current and in the previous period. */
  let [lead, formerLead] = [0, 0];
  let startedAt = Number.NEGATIVE_INFINITY;
  let periodSeconds = 0;
  return (lifetimeSeconds) => {
    const earliest = earliestOf(clock);
    const presentLead = Math.max(0, clock() - earliest);
    periodSeconds = Math.max(periodSeconds, lifetimeSeconds);
    if (earliest >= startedAt + periodSeconds) {
      [lead, formerLead] = [presentLead, lead];
      startedAt = earliest;
    }
    lead = Math.min(lead, presentLead);
    return earliest + Math.min(lead, formerLead);
  };
}
