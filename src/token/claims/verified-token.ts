import type { JsonObject } from '../../base/json.js';
import type { ClaimsByType, TokenType } from './claims-set.js';

/** Token that passed every check. Deeply frozen. */
export interface VerifiedTokenOf<Type extends TokenType> {
  /** Token type, which determines the claims. `external` for trusted issuers, `foreign` for tokens without a type. */
  readonly type: Type;
  /** Validated claims, under their JWT names. */
  readonly claims: ClaimsByType[Type];
  /** Protected header, which is not encrypted. */
  readonly header: JsonObject;
  /** Granted scope tokens. */
  readonly scope: readonly string[];
  /** Whether the token has a scope token. Scope tokens are compared exactly. */
  hasScope(scope: string): boolean;
}

/** Verified token of any type. Narrow it by `type`: `if (token.type === 'api_call') token.claims.allowed_endpoints`. */
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
