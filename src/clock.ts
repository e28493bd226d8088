/** Seconds since 1970-01-01T00:00:00Z, leap seconds ignored, fractions allowed (RFC 7519 section 2). */
export type NumericDate = number;

/** Where every part of the package gets the time from; tests inject their own. */
export type Clock = () => NumericDate;

/** The clock of the machine. */
export const systemClock: Clock = () => Date.now() / 1000;
