/** One limit, as `RateLimit` and `RateLimit-Policy` state it (draft-ietf-httpapi-ratelimit-headers). */
export interface RateLimitState {
  /** Name of the policy: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Units allowed in one window, or at once where there is none. */
  readonly quota: number;
  /** Length of the window in seconds. Default: there is none, as it limits what runs at once. */
  readonly windowSeconds?: number;
  /** Units left. */
  readonly remaining: number;
  /** Seconds until there may be more. Default: it is not said. */
  readonly resetSeconds?: number;
}

/** The fields that tell a client of its limits; none where there are none. */
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
