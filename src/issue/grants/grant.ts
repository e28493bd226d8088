import type { ApiKey } from '../../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../../api-keys/api-key-registry.js';
import type { Clock, NumericDate } from '../../base/clock.js';
import type { TokenIssuer } from '../token-issuer.js';

/** Parameters of a token request: those of its grant type, each present once and not empty. */
export type GrantParameters = ReadonlyMap<string, string>;

/** Where a request came from. */
export interface RequestOrigin {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** What a grant needs of its surroundings. */
export interface GrantContext {
  readonly tokens: TokenIssuer;
  /** Audience of keys that list none. */
  readonly defaultAudience: string;
  /** The client: authenticated, unless it is public. */
  readonly apiKey: ApiKey;
  /** The client showed no secret, and merely names itself (RFC 6749 section 2.1). */
  readonly isPublic: boolean;
  /** All clients as they are now: the one that authenticated may be none any more. */
  readonly apiKeys: Pick<ApiKeyRegistry, 'get'>;
  readonly parameters: GrantParameters;
  readonly origin: RequestOrigin;
  /** When the request came, before anything was read from a store for it: `iat` of what is issued. */
  readonly requestedAt: NumericDate;
  readonly clock: Clock;
}

/** Body of a successful answer (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  /** Of a token exchange (RFC 8693 section 2.2.1). */
  readonly issued_token_type?: string;
}

/** One grant type of the token endpoint. */
export interface Grant {
  readonly grantType: string;
  /** The parameters that it reads; all others are ignored (RFC 6749 section 3.2). */
  readonly parameters: readonly string[];
  /** @throws PassportJweError (as rejection) where the token is not to be issued. */
  handle(context: GrantContext): Promise<TokenResponse>;
}
