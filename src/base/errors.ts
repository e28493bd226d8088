import { PassportJweError } from './passport-jwe-error.js';
import { type RateLimitState, rateLimitHeaders } from './rate-limit-headers.js';
import type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  RejectionDetail,
  TokenIdentity,
  TokenRejection,
} from './rejections.js';

export { PassportJweError };

/** The request has no credentials, or those of another scheme: a challenge without an error code (RFC 6750 §3.1). */
export class MissingCredentialsError extends PassportJweError {
  constructor(cause?: unknown) {
    super({
      code: 'ERR_MISSING_CREDENTIALS',
      error: undefined,
      status: 401,
      description: 'No bearer token was verified for this request',
      cause,
    });
  }
}

/** The request is malformed (RFC 6749 §5.2, RFC 6750 §3.1), or has the wrong method, size or media type. */
export class InvalidRequestError extends PassportJweError {
  /** Reason for rejecting a token exchange. */
  readonly reason?: ExchangeRejection;

  constructor(
    description: string,
    options: {
      status?: 400 | 405 | 413 | 415;
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

/** The token is rejected (RFC 6750 §3.1). Only the message for an expired token whose tag verified names the reason. */
export class InvalidTokenError extends PassportJweError {
  readonly reason: TokenRejection;
  readonly #detail: RejectionDetail;

  /** @param detail facts about the rejection, for operators only. */
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

  /** Identity of a token that is authentic and well-formed but no longer valid, for audit events. Loggers do not copy it. */
  get token(): TokenIdentity | undefined {
    return this.#detail.token;
  }

  /** Facts about the rejection, for debug lines and the command line. Loggers do not copy them. */
  get detail(): RejectionDetail {
    return this.#detail;
  }
}

/** The token is valid but lacks the scope that the resource requires (RFC 6750 §3.1). */
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

/** A guard rejected a valid token. A new token would not help, so the status is 403, not 401. */
export class AccessDeniedError extends PassportJweError {
  constructor(description = 'The access token does not grant access to this resource', cause?: unknown) {
    super({ code: 'ERR_ACCESS_DENIED', error: 'access_denied', status: 403, description, cause });
  }
}

/** A limit is reached: 429 with `Retry-After` (RFC 6585 §4), `RateLimit` and `RateLimit-Policy`. */
export class RateLimitExceededError extends PassportJweError {
  /** Names of the limits that were reached. */
  readonly violated: readonly string[];

  /**
   * @param retryAfterSeconds time until a retry can succeed, in seconds.
   * @param limits state of each limit that applies.
   * @param violated names of the limits that were reached. Default: the first limit.
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
      description: 'A limit of this API key is reached',
      headers,
    });
    this.violated = violated;
  }
}

/** A store or key source is unavailable. The error says nothing about the token, so the response has no challenge. */
export class TemporarilyUnavailableError extends PassportJweError {
  constructor(options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super({
      code: 'ERR_TEMPORARILY_UNAVAILABLE',
      error: 'temporarily_unavailable',
      status: 503,
      description: 'A service that this request depends on is temporarily unavailable',
      headers: { 'Retry-After': String(options.retryAfterSeconds ?? 1) },
      cause: options.cause,
    });
  }
}

/** Client authentication failed at the token endpoint (RFC 6749 §5.2). The response is the same for every reason. */
export class InvalidClientError extends PassportJweError {
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

/** The client may not use this grant type (RFC 6749 §5.2). */
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

/** The token endpoint does not support this grant type (RFC 6749 §5.2). */
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

/** The scope is malformed or exceeds the scope of the API key (RFC 6749 §5.2). */
export class InvalidScopeError extends PassportJweError {
  constructor(description = 'The requested scope exceeds the scope of this API key') {
    super({ code: 'ERR_INVALID_SCOPE', error: 'invalid_scope', status: 400, description });
  }
}

/** The audience or resource is not allowed, or the request must name one of several (RFC 8707 §2). */
export class InvalidTargetError extends PassportJweError {
  constructor(description = 'This API key may not request this audience') {
    super({ code: 'ERR_INVALID_TARGET', error: 'invalid_target', status: 400, description });
  }
}

/** The token cannot be revoked because only its audience can decrypt it (RFC 7009 §2.2.1). */
export class UnsupportedTokenTypeError extends PassportJweError {
  constructor() {
    super({
      code: 'ERR_UNSUPPORTED_TOKEN_TYPE',
      error: 'unsupported_token_type',
      status: 400,
      description: 'Only the audience of this token can decrypt it; revoke its session instead',
    });
  }
}

/** The token is invalid, expired, revoked or was issued to another client (RFC 6749 §5.2). */
export class InvalidGrantError extends PassportJweError {
  readonly reason: GrantRejection;

  constructor(reason: GrantRejection) {
    super({
      code: 'ERR_INVALID_GRANT',
      error: 'invalid_grant',
      status: 400,
      description: 'The token is invalid, expired, revoked or was issued to another client',
    });
    this.reason = reason;
  }
}
