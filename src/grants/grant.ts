import type { ApiKey } from '../api-keys/api-key.js';
import type { Clock, NumericDate } from '../clock.js';
import type { TokenService } from '../token-service.js';

/** Parameters of a token request: those of its grant type, each present once and not empty. */
export type GrantParameters = ReadonlyMap<string, string>;

/** Where a request came from. */
export interface RequestOrigin {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** What a grant needs of its surroundings. */
export interface GrantContext {
  readonly tokens: TokenService;
  /** Audience of keys that list none. */
  readonly defaultAudience: string;
  /** The authenticated client. */
  readonly apiKey: ApiKey;
  readonly parameters: GrantParameters;
  readonly origin: RequestOrigin;
  readonly clock: Clock;
  /** How what is issued is dated. Default: now. */
  readonly issuedAt?: NumericDate;
}

/** Body of a successful answer (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
}

/** One grant type of the token endpoint. */
export interface Grant {
  readonly grantType: string;
  /** The parameters that it reads; all others are ignored (RFC 6749 section 3.2). */
  readonly parameters: readonly string[];
  /** @throws JweError (as rejection) where the token is not to be issued. */
  handle(context: GrantContext): Promise<TokenResponse>;
}
