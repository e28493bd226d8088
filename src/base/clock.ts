/** Seconds since 1970-01-01T00:00:00Z, leap seconds ignored, fractions allowed (RFC 7519 section 2). */
export type NumericDate = number;

/** 9999-12-31T23:59:59Z. Beyond it stand milliseconds that were taken for seconds. */
export const MAX_NUMERIC_DATE = 253_402_300_799;

export function isNumericDate(value: unknown): value is NumericDate {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMERIC_DATE;
}

/** Where every part of the package gets the time from; tests inject their own. */
export interface Clock {
  (): NumericDate;
  /**
   * The earliest that it may be, should somebody have set the clock forward by mistake: what has expired by then can be
   * forgotten, and no revocation is while its token may come to life again. Default: what the clock says.
   */
  earliest?(): NumericDate;
}

/** The clock of the machine; at the earliest it is as late as the process has lived since it began. */
export const systemClock: Clock = Object.assign(() => Date.now() / 1000, {
  earliest: () => Math.min(Date.now(), performance.timeOrigin + performance.now()) / 1000,
});

/** What has expired by then can be forgotten. */
export function earliestOf(clock: Clock): NumericDate {
  return clock.earliest?.() ?? clock();
}

/** A clock that goes on from where it was when the given one is set back. It is good for durations alone. */
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
