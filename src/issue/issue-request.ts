import type { NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import type { ClaimsRequest } from '../token/claims/build-claims-set.js';

/** Properties of an access token to issue, for `TokenIssuer.issue()`. */
export interface IssueRequest extends ClaimsRequest {
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
   * Whether the subject is a user that the client asserted. Only for the audit log.
   *
   * @default false
   */
  readonly subjectAsserted?: boolean;
  /** `jti` of the subject token in a token exchange. Only for the audit log. */
  readonly delegatedFrom?: string;
  /** Actor of a delegated token. Only for the audit log. */
  readonly delegatedTo?: string;
  /**
   * Whether the client authenticated with the previous key during a rotation. Only for the audit log.
   *
   * @default false
   */
  readonly previousApiKey?: boolean;
  /** Client address. Only for the audit log. */
  readonly ip?: string;
}
