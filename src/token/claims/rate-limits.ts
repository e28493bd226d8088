/** Limits of an API key, in the format of the claim `rate_limits`. */
export type RateLimits = {
  /** Maximum number of requests in one minute. */
  readonly requests_per_minute: number;
  /** Maximum number of model tokens in one minute. */
  readonly tokens_per_minute: number;
  /** Maximum number of requests in one hour. */
  readonly requests_per_hour: number;
  /** Maximum number of concurrent requests. */
  readonly concurrent_requests: number;
  /** Maximum number of model tokens in 30 days. Default: no limit. */
  readonly tokens_per_month?: number;
  /** Limits of each user of the API key, in addition to the limits of the key. Default: no limits. */
  readonly per_user?: UserLimits;
};

/** Limits of one user of an API key. An absent member means no limit. */
export type UserLimits = Partial<Omit<RateLimits, 'per_user'>>;

/** Default limits, for API keys whose file contains no limits. */
export const DEFAULT_RATE_LIMITS: RateLimits = Object.freeze({
  requests_per_minute: 60,
  tokens_per_minute: 10_000,
  requests_per_hour: 1000,
  concurrent_requests: 5,
});
