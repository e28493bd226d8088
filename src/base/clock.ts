/** Seconds since 1970-01-01T00:00:00Z, leap seconds ignored, fractions allowed (RFC 7519 §2). */
export type NumericDate = number;

/** 9999-12-31T23:59:59Z. Larger values are milliseconds passed as seconds by mistake. */
export const MAX_NUMERIC_DATE = 253_402_300_799;

export function isNumericDate(value: unknown): value is NumericDate {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMERIC_DATE;
}

/** Source of the current time. Tests inject their own. */
export interface Clock {
  (): NumericDate;
  /**
   * Lower bound of the current time, in case the system time was set forward by mistake. Only records that expired before
   * this bound are deleted, so that no revocation is deleted while its token can become valid again.
   *
   * @default the time of the clock
   */
  earliest?(): NumericDate;
}

/** The system clock. Its lower bound is the start time of the process plus the monotonic time since then. */
export const systemClock: Clock = Object.assign(() => Date.now() / 1000, {
  earliest: () => Math.min(Date.now(), performance.timeOrigin + performance.now()) / 1000,
});

/** Time up to which expired records can be deleted. */
export function earliestOf(clock: Clock): NumericDate {
  return clock.earliest?.() ?? clock();
}

/** A clock that never goes back, although the given clock is set back. Use it for durations only. */
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
