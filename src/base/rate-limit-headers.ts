/** State of one limit, for `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
export interface RateLimitState {
  /** Name of the policy: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Units allowed in one window, or concurrently if there is no window. */
  readonly quota: number;
  /** Length of the window in seconds. Default: no window, for a concurrency limit. */
  readonly windowSeconds?: number;
  /** Remaining units. */
  readonly remaining: number;
  /** Seconds until more units are available. Default: not stated. */
  readonly resetSeconds?: number;
}

/** Response headers that state limits. No headers if there are no limits. */
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
