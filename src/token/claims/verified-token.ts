import type { JsonObject } from '../../base/json.js';
import type { ClaimsByType, TokenType } from './claims-set.js';

/** No custom claims: the default of every type parameter for the custom claims of an application. */
export type NoClaims = Record<never, never>;

/**
 * A token that passed every check. Deeply frozen.
 *
 * @typeParam Claims custom claims of the application. Only `claimsSchema` checks that a token has them.
 */
export interface VerifiedTokenOf<Type extends TokenType, Claims extends object = NoClaims> {
  /** Token type, which discriminates the claims. `external` for a trusted issuer, `foreign` for a token without a type. */
  readonly type: Type;
  readonly claims: ClaimsByType[Type] & Claims;
  /** Protected header, which is not encrypted. */
  readonly header: JsonObject;
  /** Granted scope tokens. */
  readonly scope: readonly string[];
  /** Whether the token has a scope token. Scope tokens are compared exactly. */
  hasScope(scope: string): boolean;
}

/**
 * A union discriminated on `type`: `if (token.type === 'tiered_model_exec') token.claims.allowed_models`.
 *
 * @typeParam Claims custom claims of the application. Only `claimsSchema` checks that a token has them.
 */
export type VerifiedToken<Type extends TokenType = TokenType, Claims extends object = NoClaims> = {
  [Each in Type]: VerifiedTokenOf<Each, Claims>;
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
