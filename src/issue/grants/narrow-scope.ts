import { InvalidScopeError } from '../../base/errors.js';
import { parseScope } from '../../token/claims/scope.js';

/**
 * Return the requested scope, or the whole available scope if no scope is requested (RFC 6749 §3.3).
 *
 * @param excess description of the error for a scope that exceeds the available scope
 * @throws InvalidScopeError if the requested scope is malformed or exceeds the available scope
 */
export function narrowScope(
  requested: string | readonly string[] | undefined,
  available: readonly string[],
  excess?: string,
): readonly string[] {
  if (requested === undefined) return available;
  const scope = parseScope(requested);
  if (scope === undefined) throw new InvalidScopeError('The scope is malformed');
  if (!scope.every((token) => available.includes(token))) throw new InvalidScopeError(excess);
  return scope;
}
