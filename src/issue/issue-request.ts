import type { NumericDate } from '../base/clock.js';
import type { Duration } from '../base/duration.js';
import type { JsonObject } from '../base/json.js';
import type { WorkloadIdentity } from '../base/rejections.js';
import type { Confirmation } from '../token/claims/confirmation.js';
import type { IssuedTokenType } from '../token/claims/token-type-names.js';
import type { NoClaims } from '../token/claims/verified-token.js';

/**
 * Options that all token types share.
 *
 * @inline
 */
interface CommonRequest {
  /**
   * User, service or client that the token represents: 1 to 200 characters of any language. RFC 7519 §4.1.2.
   */
  readonly subject: string;
  /**
   * Audience of the token. A token has exactly one. RFC 7519 §4.1.3.
   *
   * @default `audience` of `createTokenIssuer()`
   */
  readonly audience?: string;
  /**
   * Granted scope tokens, as an array or separated by spaces. RFC 6749 §3.3.
   *
   * @default [] (a token without scope)
   */
  readonly scope?: string | readonly string[];
  /**
   * Time from `iat` to `exp`, in seconds or as a string such as `'15m'`; rounded down to whole seconds. At most
   * `maxTokenLifetimeSeconds` of the key ring and of the issuer. RFC 7519 §4.1.4.
   *
   * @default '15m', or the maximum lifetime if that is shorter
   */
  readonly lifetime?: Duration;
  /**
   * Session that the token belongs to. Ending the session revokes the token.
   *
   * @default undefined (no session)
   */
  readonly sessionId?: string;
  /**
   * Keys of the client, to which the token is bound: `{ jkt }` for DPoP (RFC 9449 §6.1), `{ 'x5t#S256' }` for mutual TLS
   * (RFC 8705 §3.1). Each value is a SHA-256 thumbprint of 43 base64url characters. Becomes the claim `cnf`. Resource
   * servers reject the token unless the sender proves possession of all keys.
   *
   * @default undefined (a bearer token)
   */
  readonly confirmation?: Confirmation;
  /**
   * Additional members of the protected header. The header is not encrypted.
   *
   * @default {}
   */
  readonly header?: JsonObject;
  /**
   * Value of `iat`, at which the lifetime starts: the time at which the client requested the token (RFC 7519 §4.1.6).
   *
   * @default the current time
   */
  readonly issuedAt?: NumericDate;
  /**
   * Client address. Only for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
  /**
   * ID of the request. Only for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly requestId?: string;
}

/**
 * A token for a user who signed in to the application. `claims` is optional if every custom claim is optional.
 *
 * @typeParam Claims custom claims of the application
 */
export type UserTokenRequest<Claims extends object = NoClaims> = CommonRequest & {
  /** @default 'user' */
  readonly type?: 'user';
} & (NoClaims extends Claims
    ? {
        /**
         * Custom claims: a JSON object. Names that this package reads or writes are reserved.
         *
         * @default {}
         */
        readonly claims?: Claims;
      }
    : {
        /** Custom claims: a JSON object. Names that this package reads or writes are reserved. */
        readonly claims: Claims;
      });

/** A token for an API key: a service, or a client of the token endpoint. */
export interface ClientTokenRequest extends CommonRequest {
  /** Token type. `claims` must include those that it requires. */
  readonly type: Exclude<IssuedTokenType, 'user'>;
  /** `key_id` of the API key. RFC 9068 §2.2. */
  readonly clientId: string;
  /**
   * Claims of the token type, and custom claims of the application.
   *
   * @default {}
   */
  readonly claims?: JsonObject;
  /**
   * Whether the subject is a user that the client asserted. Only for the audit log.
   *
   * @default false
   */
  readonly subjectAsserted?: boolean;
  /** `jti` of the subject token in a token exchange. Only for the audit log. */
  readonly delegatedFrom?: string;
  /** Actor of a delegated token. Only for the audit log. */
  readonly delegatedTo?: string;
  /** Workload identity that obtained the token (RFC 7523 §2.1). Only for the audit log. */
  readonly workload?: WorkloadIdentity;
  /**
   * Whether the client authenticated with the previous key during a rotation. Only for the audit log.
   *
   * @default false
   */
  readonly previousApiKey?: boolean;
}

/**
 * An access token to issue. Without `type`, it is a token for a user.
 *
 * @typeParam Claims custom claims of user tokens
 */
export type IssueRequest<Claims extends object = NoClaims> = UserTokenRequest<Claims> | ClientTokenRequest;

/** Whether the token is for an API key, not for a user of the application. */
export function isClientRequest<Request extends Pick<IssueRequest, 'type'>>(
  request: Request,
): request is Extract<Request, Pick<ClientTokenRequest, 'type'>> {
  return request.type !== undefined && request.type !== 'user';
}
