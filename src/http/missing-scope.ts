import { InsufficientScopeError } from '../base/errors.js';
import { formatScope } from '../token/claims/scope.js';
import type { ScopeHolder } from './user-scope.js';

/**
 * Assert that an access token has every required scope token.
 *
 * @throws InsufficientScopeError if a scope token is missing (RFC 6750 §3.1)
 */
export function assertScope(holder: ScopeHolder, required: readonly string[]): void {
  const error = findMissingScope(holder, required);
  if (error !== undefined) throw error;
}

/** Return the error for an access token without a required scope token, or `undefined` if none is missing. */
export function findMissingScope(
  holder: ScopeHolder,
  required: readonly string[],
): InsufficientScopeError | undefined {
  return required.every(holder.hasScope) ? undefined : new InsufficientScopeError(formatScope(required));
}
