import type { ApiKey } from '../../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../../api-keys/api-key-registry.js';
import type { Clock, NumericDate } from '../../base/clock.js';
import type { ClientTokenIssuer } from '../token-issuer.js';

/** The parameters of a token request that its grant type reads, each sent once and not empty. */
export type GrantParameters = ReadonlyMap<string, string>;

/** Client address and user agent of a request. */
export interface RequestOrigin {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** A token request and the dependencies of its grant. */
export interface GrantContext {
  readonly tokens: ClientTokenIssuer;
  /** Audience of API keys that list none. */
  readonly defaultAudience: string;
  /** The client: authenticated, unless it is public. */
  readonly apiKey: ApiKey;
  /** Whether the client sent its `client_id` without a secret (RFC 6749 §2.1). */
  readonly isPublic: boolean;
  /** The current API keys: that of the client may have been removed since it authenticated. */
  readonly apiKeys: Pick<ApiKeyRegistry, 'get'>;
  readonly parameters: GrantParameters;
  readonly origin: RequestOrigin;
  /** `iat` of the issued tokens: the time of the request, before any store was read for it. */
  readonly requestedAt: NumericDate;
  readonly clock: Clock;
}

/** Body of a successful response (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  /** Only in responses to a token exchange (RFC 8693 §2.2.1). */
  readonly issued_token_type?: string;
}

/** One grant type of the token endpoint. */
export interface Grant {
  readonly grantType: string;
  /** The parameters that it reads; all others are ignored (RFC 6749 §3.2). */
  readonly parameters: readonly string[];
  /** @throws PassportJweError (as rejection) if the token must not be issued */
  handle(context: GrantContext): Promise<TokenResponse>;
}
