import { PassportJweError } from './passport-jwe-error.js';
import { type RateLimitState, rateLimitHeaders } from './rate-limit-headers.js';
import type { ExchangeRejection, RejectionDetail, TokenIdentity, TokenRejection } from './rejections.js';

export { PassportJweError };

/**
 * Error for a request without bearer credentials: 401 with a challenge that has no error code (RFC 6750 §3.1).
 *
 * @example
 * app.use((_req, _res, next) => next(new MissingCredentialsError()));
 */
export class MissingCredentialsError extends PassportJweError {
  /** Scope that the resource requires, for the `scope` attribute of the challenge. Empty if it is unknown. */
  readonly scope: string;

  constructor(cause?: unknown, scope = '') {
    super({
      code: 'ERR_MISSING_CREDENTIALS',
      error: undefined,
      status: 401,
      description: 'This request requires a bearer token',
      cause,
    });
    this.scope = scope;
  }
}

/**
 * Error for a request that is malformed (RFC 6749 §5.2, RFC 6750 §3.1), has the wrong method, size or media type, or names
 * an unknown session.
 *
 * @example
 * throw new InvalidRequestError('The body must be a JSON object', { status: 415 });
 */
export class InvalidRequestError extends PassportJweError {
  /** Reason for rejecting a token exchange, for audit events only. `undefined` for all other requests. */
  readonly reason?: ExchangeRejection;

  constructor(
    description: string,
    options: {
      status?: 400 | 404 | 405 | 413 | 415;
      headers?: Readonly<Record<string, string>>;
      reason?: ExchangeRejection;
      cause?: unknown;
    } = {},
  ) {
    const { reason, ...detail } = options;
    super({ code: 'ERR_INVALID_REQUEST', error: 'invalid_request', status: 400, ...detail, description });
    if (reason !== undefined) this.reason = reason;
  }
}

/**
 * Error for a rejected token (RFC 6750 §3.1). `message` reveals the reason only if an authentic token has expired.
 *
 * @example
 * if (error instanceof InvalidTokenError) console.warn(error.reason);
 */
export class InvalidTokenError extends PassportJweError {
  /** Reason for rejecting the token, for audit events only. */
  readonly reason: TokenRejection;
  readonly #detail: RejectionDetail;

  /** @param detail facts about the rejection. Only for operators. */
  constructor(reason: TokenRejection, cause?: unknown, detail: RejectionDetail = {}) {
    super({
      code: 'ERR_INVALID_TOKEN',
      error: 'invalid_token',
      status: 401,
      description: reason === 'expired' ? 'The access token expired' : 'The access token is not valid',
      cause,
    });
    this.reason = reason;
    this.#detail = detail;
  }

  /** Identity of an authentic, well-formed token that is no longer valid, for audit events. Loggers omit getters. */
  get token(): TokenIdentity | undefined {
    return this.#detail.token;
  }

  /** Facts about the rejection, for debug lines and the command line. Loggers do not copy them. */
  get detail(): RejectionDetail {
    return this.#detail;
  }
}

/**
 * Error for a valid token without the scope that the resource requires (RFC 6750 §3.1).
 *
 * @example
 * throw new InsufficientScopeError('read:reports');
 */
export class InsufficientScopeError extends PassportJweError {
  /** Scope that the resource requires, for the `scope` attribute of the challenge. */
  readonly scope: string;

  constructor(scope: string) {
    super({
      code: 'ERR_INSUFFICIENT_SCOPE',
      error: 'insufficient_scope',
      status: 403,
      description: 'The access token lacks a scope that this resource requires',
    });
    this.scope = scope;
  }
}

/**
 * Error for a valid token that a guard rejected. The status is 403, not 401, because a new token would not help.
 *
 * @example
 * throw new AccessDeniedError('The report belongs to a different tenant');
 */
export class AccessDeniedError extends PassportJweError {
  constructor(description = 'The access token does not grant access to this resource', cause?: unknown) {
    super({ code: 'ERR_ACCESS_DENIED', error: 'access_denied', status: 403, description, cause });
  }
}

/**
 * Error for a request that exceeds a limit: 429 with `Retry-After` (RFC 6585 §4) and the `RateLimit` headers.
 *
 * @example
 * if (error instanceof RateLimitExceededError) console.warn(error.violated);
 */
export class RateLimitExceededError extends PassportJweError {
  /** Names of the exceeded limits. */
  readonly violated: readonly string[];

  /**
   * @param retryAfterSeconds time until a retry can succeed, in seconds.
   * @param limits state of each applicable limit.
   * @param violated names of the exceeded limits. Default: the first limit.
   */
  constructor(
    retryAfterSeconds: number,
    limits: readonly RateLimitState[] = [],
    violated: readonly string[] = limits.slice(0, 1).map(({ name }) => name),
  ) {
    const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
    const timed = limits.map((limit) =>
      violated.includes(limit.name) ? { resetSeconds: seconds, ...limit } : limit,
    );
    const headers = { 'Retry-After': String(seconds), ...rateLimitHeaders(timed) };
    super({
      code: 'ERR_RATE_LIMIT_EXCEEDED',
      error: 'rate_limit_exceeded',
      status: 429,
      description: 'This API key has reached a limit',
      headers,
    });
    this.violated = violated;
  }
}

/**
 * Error for an unavailable store or key source: 503 without a challenge, because the token may be valid.
 *
 * @example
 * throw new TemporarilyUnavailableError({ retryAfterSeconds: 5 });
 */
export class TemporarilyUnavailableError extends PassportJweError {
  constructor(options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super({
      code: 'ERR_TEMPORARILY_UNAVAILABLE',
      error: 'temporarily_unavailable',
      status: 503,
      description: 'A required service is temporarily unavailable; retry later',
      headers: { 'Retry-After': String(options.retryAfterSeconds ?? 1) },
      cause: options.cause,
    });
  }
}
