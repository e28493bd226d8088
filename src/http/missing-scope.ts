import { InsufficientScopeError } from '../base/errors.js';
import { formatScope } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** @throws InsufficientScopeError if the token lacks a required scope. RFC 6750 §3.1. */
export function assertScope(token: VerifiedToken, required: readonly string[]): void {
  const error = findMissingScope(token, required);
  if (error !== undefined) throw error;
}

/** The error for a token that lacks a required scope; `undefined` if it has all of them. */
export function findMissingScope(
  token: VerifiedToken,
  required: readonly string[],
): InsufficientScopeError | undefined {
  return required.every(token.hasScope) ? undefined : new InsufficientScopeError(formatScope(required));
}
