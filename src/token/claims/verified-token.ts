import type { JsonObject } from '../../base/json.js';
import type { ClaimsByType, TokenType } from './claims-set.js';

/** A token that passed every check. Deeply frozen. */
export interface VerifiedTokenOf<Type extends TokenType> {
  /** Token type, which discriminates the claims. `external` for a trusted issuer, `foreign` for a token without a type. */
  readonly type: Type;
  readonly claims: ClaimsByType[Type];
  /** Protected header, which is not encrypted. */
  readonly header: JsonObject;
  /** Scope tokens. */
  readonly scope: readonly string[];
  /** Whether the token has this scope token, by exact comparison. */
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
