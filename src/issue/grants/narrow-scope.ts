import { InvalidScopeError } from '../../base/errors.js';
import { parseScope } from '../../token/claims/scope.js';

/**
 * The scope asked for, which must be within what may be granted; all of that where none is asked for (RFC 6749
 * section 3.3).
 * @throws InvalidScopeError where it is malformed, or exceeds that.
 */
export function narrowScope(requested: string | undefined, available: readonly string[]): readonly string[] {
  if (requested === undefined) return available;
  const scope = parseScope(requested);
  if (scope === undefined) throw new InvalidScopeError('The scope is malformed');
  if (!scope.every((token) => available.includes(token))) throw new InvalidScopeError();
  return scope;
}
