import type { JsonObject } from '../../base/json.js';
import type { ClaimsByType } from './claims-set.js';
import type { TokenType } from './token-type-names.js';

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
  /** Claims of the token, with the types of its `type`. */
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

/** Registered claims (RFC 7519 §4.1). They are members of a payload, but not of a verified token. */
const REGISTERED_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'] as const;

/** Its prototype throws if a registered claim is read from the token itself. */
class TokenWithClaims<Type extends TokenType> implements VerifiedTokenOf<Type> {
  readonly type: Type;
  /** Claims of the token, with the types of its `type`. */
  readonly claims: ClaimsByType[Type];
  readonly header: JsonObject;
  readonly scope: readonly string[];
  readonly hasScope: (scope: string) => boolean;

  // `token.sub` would be `undefined`, and a database that ignores undefined conditions would return any user.
  static {
    for (const claim of REGISTERED_CLAIMS) {
      Object.defineProperty(TokenWithClaims.prototype, claim, {
        get() {
          throw new TypeError(
            `${claim} is a claim, not a member of the verified token: read token.claims.${claim}`,
          );
        },
      });
    }
    Object.freeze(TokenWithClaims.prototype);
  }

  constructor(type: Type, claims: ClaimsByType[Type], header: JsonObject, scope: readonly string[]) {
    this.type = type;
    this.claims = claims;
    this.header = header;
    this.scope = scope;
    this.hasScope = (token) => scope.includes(token);
  }
}

export function createVerifiedToken<Type extends TokenType>(
  type: Type,
  claims: ClaimsByType[Type],
  { header, scope }: Pick<VerifiedTokenOf<Type>, 'header' | 'scope'>,
): VerifiedTokenOf<Type> {
  return Object.freeze(new TokenWithClaims(type, claims, header, Object.freeze(scope)));
}
