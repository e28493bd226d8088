/** State of one limit, for the headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
export interface RateLimitState {
  /** Name of the policy: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Maximum number of units per window, or of concurrent units if there is no window. */
  readonly quota: number;
  /** Window length in seconds. Default: no window, as for a concurrency limit. */
  readonly windowSeconds?: number;
  /** Number of units that are still available. */
  readonly remaining: number;
  /** Time until more units are available, in seconds. Default: omitted from the header. */
  readonly resetSeconds?: number;
}

/** Build the headers `RateLimit` and `RateLimit-Policy`. @returns no headers if there are no limits. */
export function rateLimitHeaders(limits: readonly RateLimitState[]): Readonly<Record<string, string>> {
  if (limits.length === 0) return {};
  const parameter = (name: string, value: number | undefined): string =>
    value === undefined ? '' : `;${name}=${Math.ceil(value)}`;
  return {
    RateLimit: limits
      .map(
        ({ name, remaining, resetSeconds }) =>
          `"${name}";r=${Math.max(0, remaining)}${parameter('t', resetSeconds)}`,
      )
      .join(', '),
    'RateLimit-Policy': limits
      .map(({ name, quota, windowSeconds }) => `"${name}";q=${quota}${parameter('w', windowSeconds)}`)
      .join(', '),
  };
}
