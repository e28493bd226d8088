/** Seconds since 1970-01-01T00:00:00Z, leap seconds ignored, fractions allowed (RFC 7519 section 2). */
export type NumericDate = number;

/** 9999-12-31T23:59:59Z. Beyond it stand milliseconds that were taken for seconds. */
const MAX_NUMERIC_DATE = 253_402_300_799;

export function isNumericDate(value: unknown): value is NumericDate {
  return typeof value === 'number' && value >= 0 && value <= MAX_NUMERIC_DATE;
}

/** Where every part of the package gets the time from; tests inject their own. */
export type Clock = () => NumericDate;

/** The clock of the machine. */
export const systemClock: Clock = () => Date.now() / 1000;
