import { InsufficientScopeError } from '../base/errors.js';
import { formatScope } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/**
 * Assert that an access token has every required scope token.
 *
 * @throws InsufficientScopeError if a scope token is missing (RFC 6750 §3.1)
 */
export function assertScope(token: VerifiedToken, required: readonly string[]): void {
  const error = findMissingScope(token, required);
  if (error !== undefined) throw error;
}

/** Return the error for an access token without a required scope token, or `undefined` if none is missing. */
export function findMissingScope(
  token: VerifiedToken,
  required: readonly string[],
): InsufficientScopeError | undefined {
  return required.every(token.hasScope) ? undefined : new InsufficientScopeError(formatScope(required));
}
