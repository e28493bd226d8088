import { PassportJweError } from './passport-jwe-error.js';
import type { ClientRejection, GrantRejection, WorkloadIdentity } from './rejections.js';

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
