import type { SurplusScopes } from '../../api-keys/api-key.js';
import { InvalidScopeError } from '../../base/token-endpoint-errors.js';
import { parseScope } from '../../token/claims/scope.js';

/** Treatment of requested scope tokens that are not available. */
export interface NarrowingTerms {
  /**
   * Reject surplus scope tokens, or ignore them.
   *
   * @default 'reject'
   */
  readonly surplus?: SurplusScopes;
  /**
   * Description of the error for a scope that exceeds the available scope.
   *
   * @default the description of `InvalidScopeError`
   */
  readonly excess?: string;
}

/**
 * Return the requested scope, or the whole available scope if no scope is requested (RFC 6749 §3.3).
 *
 * @throws InvalidScopeError if the requested scope is malformed, exceeds the available scope or, with `narrow`, has no
 *   available scope token
 */
export function narrowScope(
  requested: string | readonly string[] | undefined,
  available: readonly string[],
  { surplus = 'reject', excess }: NarrowingTerms = {},
): readonly string[] {
  if (requested === undefined) return available;
  const scope = parseScope(requested);
  if (scope === undefined) throw new InvalidScopeError('The scope is malformed');
  const granted = scope.filter((token) => available.includes(token));
  const isNarrowed = surplus === 'narrow' && granted.length > 0;
  if (granted.length < scope.length && !isNarrowed) throw new InvalidScopeError(excess);
  return granted;
}
