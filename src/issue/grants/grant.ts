import type { ApiKey, SurplusScopes } from '../../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../../api-keys/api-key-registry.js';
import type { AuditOrigin } from '../../audit/audit-origin.js';
import type { Clock, NumericDate } from '../../base/clock.js';
import type { ProvenSender } from '../../sessions/key-binding.js';
import type { ClientTokenIssuer } from '../token-issuer.js';
import type { Workload } from '../workloads/workload.js';

/** Parameters of a token request that its grant type reads. Each parameter was sent once and is not empty. */
export type GrantParameters = ReadonlyMap<string, string>;

/** Client address, ID and user agent of a request. */
export interface RequestOrigin extends AuditOrigin {
  /** User agent of the token request. */
  readonly userAgent?: string;
}

/** Token request and dependencies of its grant. */
export interface GrantContext {
  readonly tokens: ClientTokenIssuer;
  /** Audience of tokens for API keys that list no audience. */
  readonly defaultAudience: string;
  /**
   * Treatment of surplus scope tokens for API keys that do not set it.
   *
   * @default 'reject'
   */
  readonly surplusScopes?: SurplusScopes;
  /** API key of the client. The client is authenticated, unless it is public. */
  readonly apiKey: ApiKey;
  /** Whether the client sent its `client_id` without a secret (RFC 6749 §2.1). */
  readonly isPublic: boolean;
  /** Verified workload identity. Present only if the request has a JWT of a workload (RFC 7523 §2.1). */
  readonly workload?: Workload;
  /** Current API keys. The API key of the client may have been removed since authentication. */
  readonly apiKeys: Pick<ApiKeyRegistry, 'get'>;
  readonly parameters: GrantParameters;
  /**
   * Keys that the sender has proven to hold. They bind the issued tokens.
   *
   * @default {} (the tokens are bearer tokens)
   */
  readonly sender?: ProvenSender;
  readonly origin: RequestOrigin;
  /** `iat` of the issued tokens: the arrival time of the request, before any store was read. */
  readonly requestedAt: NumericDate;
  readonly clock: Clock;
}

/** Body of a successful response (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly access_token: string;
  /** `DPoP` if the token is bound to the key of the DPoP proof (RFC 9449 §5). */
  readonly token_type: 'Bearer' | 'DPoP';
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  /** Only in responses to a token exchange (RFC 8693 §2.2.1). */
  readonly issued_token_type?: string;
}

/** Implementation of one grant type of the token endpoint. */
export interface Grant {
  readonly grantType: string;
  /** Names of the parameters that the grant reads. All others are ignored (RFC 6749 §3.2). */
  readonly parameters: readonly string[];
  /**
   * Issue the tokens for a request.
   *
   * @throws PassportJweError (as rejection) if the client may not receive a token
   */
  handle(context: GrantContext): Promise<TokenResponse>;
}
