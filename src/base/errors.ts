import { PassportJweError } from './passport-jwe-error.js';
import { type RateLimitState, rateLimitHeaders } from './rate-limit-headers.js';
import type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  RejectionDetail,
  TokenIdentity,
  TokenRejection,
  WorkloadIdentity,
} from './rejections.js';

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

/**
 * Error for failed client authentication (RFC 6749 §5.2). The response is identical for every reason.
 *
 * @example
 * if (error instanceof InvalidClientError) console.warn(error.reason);
 */
export class InvalidClientError extends PassportJweError {
  /** Reason for rejecting the credentials, for audit events only. */
  readonly reason: ClientRejection;

  constructor(reason: ClientRejection) {
    super({
      code: 'ERR_INVALID_CLIENT',
      error: 'invalid_client',
      status: 401,
      description: 'Client authentication failed',
    });
    this.reason = reason;
  }
}

/**
 * Error for a client that may not use the requested grant type (RFC 6749 §5.2).
 *
 * @example
 * if (error instanceof UnauthorizedClientError) console.warn(error.code);
 */
export class UnauthorizedClientError extends PassportJweError {
  constructor() {
    super({
      code: 'ERR_UNAUTHORIZED_CLIENT',
      error: 'unauthorized_client',
      status: 400,
      description: 'This API key may not use this grant type',
    });
  }
}

/**
 * Error for a grant type that the token endpoint does not support (RFC 6749 §5.2).
 *
 * @example
 * if (error instanceof UnsupportedGrantTypeError) console.warn(error.code);
 */
export class UnsupportedGrantTypeError extends PassportJweError {
  constructor() {
    super({
      code: 'ERR_UNSUPPORTED_GRANT_TYPE',
      error: 'unsupported_grant_type',
      status: 400,
      description: 'The grant type is not supported',
    });
  }
}

/**
 * Error for a scope that is malformed or exceeds the scope of the API key (RFC 6749 §5.2).
 *
 * @example
 * if (error instanceof InvalidScopeError) console.warn(error.message);
 */
export class InvalidScopeError extends PassportJweError {
  constructor(description = 'The requested scope exceeds the scope of this API key') {
    super({ code: 'ERR_INVALID_SCOPE', error: 'invalid_scope', status: 400, description });
  }
}

/**
 * Error for an audience or resource that is not allowed, or is missing where several are allowed (RFC 8707 §2).
 *
 * @example
 * if (error instanceof InvalidTargetError) console.warn(error.message);
 */
export class InvalidTargetError extends PassportJweError {
  constructor(description = 'This API key may not request this audience') {
    super({ code: 'ERR_INVALID_TARGET', error: 'invalid_target', status: 400, description });
  }
}

/**
 * Error for a token that cannot be revoked, because only its audience can decrypt it (RFC 7009 §2.2.1).
 *
 * @example
 * if (error instanceof UnsupportedTokenTypeError) console.warn(error.code);
 */
export class UnsupportedTokenTypeError extends PassportJweError {
  constructor() {
    super({
      code: 'ERR_UNSUPPORTED_TOKEN_TYPE',
      error: 'unsupported_token_type',
      status: 400,
      description: 'Only the audience can decrypt this token; revoke its session instead',
    });
  }
}

function describeGrantRejection(reason: GrantRejection): string {
  if (reason === 'user_groups_overage') return 'The ID token does not contain all groups of the user';
  return reason.startsWith('user_')
    ? 'The user is unknown, or the account is not active'
    : 'The token is invalid, expired, revoked or issued to a different client';
}

/**
 * Error for a grant token that is invalid, expired, revoked or issued to a different client (RFC 6749 §5.2).
 *
 * @example
 * if (error instanceof InvalidGrantError) console.warn(error.reason);
 */
export class InvalidGrantError extends PassportJweError {
  /** Reason for rejecting the grant, for audit events only. */
  readonly reason: GrantRejection;
  readonly #workload: WorkloadIdentity | undefined;

  /** @param workload identity in an authentic JWT of a workload. Only for audit events. */
  constructor(reason: GrantRejection, workload?: WorkloadIdentity) {
    super({
      code: 'ERR_INVALID_GRANT',
      error: 'invalid_grant',
      status: 400,
      description: describeGrantRejection(reason),
    });
    this.reason = reason;
    this.#workload = workload;
  }

  /** Identity in an authentic JWT of a workload, for audit events. Loggers omit getters. */
  get workload(): WorkloadIdentity | undefined {
    return this.#workload;
  }
}
