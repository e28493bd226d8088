import { AccessDeniedError } from '../../base/errors.js';
import { parseUrl } from '../../base/parse-url.js';
import type { ClaimsSet } from '../../token/claims/claims-set.js';
import type { TokenType } from '../../token/claims/token-type-names.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';

/** Facts of a token that have no other member in `AuthInfo`. */
export type AuthInfoExtra = {
  /** Token type, for example `user`, or `external` for a token of a trusted issuer. */
  readonly type: TokenType;
  /** Claims of the token. Frozen. */
  readonly claims: ClaimsSet;
};

/**
 * A verified token in the form of the MCP SDKs. It is assignable to `AuthInfo` of SDK 1 and SDK 2, which pass it to tools
 * and other handlers.
 */
export interface AuthInfo {
  /** Compact serialization of the token. Secret: never pass it to other servers. */
  token: string;
  /** Client of the token: `client_id`. */
  clientId: string;
  /** Granted scope tokens. */
  scopes: string[];
  /** Time at which the token expires, as a NumericDate: `exp`. */
  expiresAt: number;
  /** Audience of the token. Absent if the token has several audiences, or one that is not a URL (RFC 8707 §2). */
  resource?: URL;
  /** Type and claims of the token. */
  extra: AuthInfoExtra;
}

/**
 * Describe a verified token for the MCP SDKs.
 *
 * @throws AccessDeniedError if the token names no client. The SDKs identify callers by their client
 */
export function describeAuthInfo({ type, claims, scope }: VerifiedToken, presented: string): AuthInfo {
  const { client_id: clientId, exp: expiresAt, aud } = claims;
  if (clientId === undefined) throw new AccessDeniedError('The access token names no client');
  const [audience, ...others] = [aud].flat();
  const resource = others.length === 0 ? parseUrl(audience) : undefined;
  return {
    token: presented,
    clientId,
    scopes: [...scope],
    expiresAt,
    ...(resource === undefined ? {} : { resource }),
    extra: { type, claims },
  };
}
