import type { NumericDate } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import type { ClaimsRequest } from '../token/claims/build-claims-set.js';

/** An access token to issue. */
export interface IssueRequest extends ClaimsRequest {
  /**
   * Additional members of the protected header, which is not encrypted.
   *
   * @default {}
   */
  readonly header?: JsonObject;
  /**
   * `iat`, the start of the lifetime: the time of the request for the token.
   *
   * @default the current time
   */
  readonly issuedAt?: NumericDate;
  /**
   * For the audit log: whether the subject is a user that the client asserted.
   *
   * @default false
   */
  readonly subjectAsserted?: boolean;
  /** For the audit log: `jti` of the subject token of a token exchange. */
  readonly delegatedFrom?: string;
  /** For the audit log: the actor of a delegated token. */
  readonly delegatedTo?: string;
  /**
   * For the audit log: whether the client authenticated with the previous key of a rotation.
   *
   * @default false
   */
  readonly previousApiKey?: boolean;
  /** For the audit log: the client address. */
  readonly ip?: string;
}
