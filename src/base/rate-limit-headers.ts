/**
 * State of one limit, for the headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11).
 */
export interface RateLimitState {
  /** Name of the policy: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Maximum number of units per window, or of concurrent units if there is no window. */
  readonly quota: number;
  /**
   * Unit of the quota: `requests`, `content-bytes`, `concurrent-requests`, or `tokens` for model tokens. Letters, digits,
   * `_` and `-`. Default: omitted from the header, which means `requests`.
   */
  readonly unit?: string | undefined;
  /** Window length in seconds. Default: no window, as for a concurrency limit. */
  readonly windowSeconds?: number;
  /** Number of units that are still available. */
  readonly remaining: number;
  /** Time until more units are available, in seconds. Default: omitted from the header. */
  readonly resetSeconds?: number | undefined;
}

/** Maximum of an Integer in a structured field (RFC 9651 §3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

/**
 * Build the headers `RateLimit` and `RateLimit-Policy`, two Lists of Strings with parameters (RFC 9651 §3.1).
 *
 * @returns no headers if there are no limits
 */
export function rateLimitHeaders(limits: readonly RateLimitState[]): Readonly<Record<string, string>> {
  if (limits.length === 0) return {};
  return {
    RateLimit: limits
      .map(
        ({ name, remaining, resetSeconds }) => `"${name}"${count('r', remaining)}${time('t', resetSeconds)}`,
      )
      .join(', '),
    'RateLimit-Policy': limits
      .map(
        ({ name, quota, unit, windowSeconds }) =>
          `"${name}"${count('q', quota)}${time('w', windowSeconds)}${unit === undefined ? '' : `;qu="${unit}"`}`,
      )
      .join(', '),
  };
}

/** Format a number of units, rounded down to an Integer. */
function count(name: string, units: number): string {
  return `;${name}=${Math.floor(Math.min(MAX_INTEGER, Math.max(0, units)))}`;
}

/** Format a time, rounded up to whole seconds. */
function time(name: string, seconds: number | undefined): string {
  return seconds === undefined ? '' : `;${name}=${Math.ceil(seconds)}`;
}
