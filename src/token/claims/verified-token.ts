import type { JsonObject } from '../../base/json.js';
import type { ClaimsByType, TokenType } from './claims-set.js';

/** A token that passed every check; deeply frozen. */
export interface VerifiedTokenOf<Type extends TokenType> {
  /** Discriminates the claims: `external` for a trusted issuer, `foreign` for a token that says no type. */
  readonly type: Type;
  readonly claims: ClaimsByType[Type];
  /** The protected header, which anyone can read. */
  readonly header: JsonObject;
  /** The tokens of its scope. */
  readonly scope: readonly string[];
  /** Whether its scope holds this token, exactly. */
  hasScope(scope: string): boolean;
}

/** A union discriminated on `type`: `if (token.type === 'tiered_model_exec') token.claims.allowed_models`. */
export type VerifiedToken<Type extends TokenType = TokenType> = {
  [Each in Type]: VerifiedTokenOf<Each>;
}[Type];

export function createVerifiedToken<Type extends TokenType>(
  type: Type,
  claims: ClaimsByType[Type],
  { header, scope }: Pick<VerifiedTokenOf<Type>, 'header' | 'scope'>,
): VerifiedTokenOf<Type> {
  return Object.freeze({
    type,
    claims,
    header,
    scope: Object.freeze(scope),
    hasScope: (token: string) => scope.includes(token),
  });
}
