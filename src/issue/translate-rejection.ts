import { InvalidTokenError, type PassportJweError } from '../base/errors.js';
import type { AssertionRejection, TokenRejection } from '../base/rejections.js';

/**
 * Run a step that verifies a JWS of a token request, and throw an error of the token endpoint instead of an error of
 * resource servers.
 *
 * @throws the result of `toError` (as rejection) if the step throws an InvalidTokenError
 */
export async function translateRejection<Result>(
  step: () => Result | Promise<Result>,
  toError: (reason: TokenRejection) => PassportJweError,
): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    throw toError(error.reason);
  }
}

/** Reasons that identify the fault of a JWS. All other reasons mean that it is malformed. */
const REASONS: Partial<Record<TokenRejection, AssertionRejection>> = {
  jws_refused_member: 'assertion_algorithm',
  jws_algorithm: 'assertion_algorithm',
  jws_unknown_key: 'assertion_unknown_key',
  jws_expired_key: 'assertion_unknown_key',
  jws_signature: 'assertion_signature',
};

/** Return the reason for rejecting an assertion whose JWS is rejected. */
export function assertionRejectionOf(reason: TokenRejection): AssertionRejection {
  return REASONS[reason] ?? 'malformed';
}
