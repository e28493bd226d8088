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
   * `iat`, from which the lifetime counts: the time of the request for the token.
   *
   * @default the present time
   */
  readonly issuedAt?: NumericDate;
  /**
   * For the audit log: whether the client asserted the subject, a user of its own.
   *
   * @default false
   */
  readonly subjectAsserted?: boolean;
  /** For the audit log: `jti` of the token that this one is delegated from. */
  readonly delegatedFrom?: string;
  /** For the audit log: the actor of a delegated token. */
  readonly delegatedTo?: string;
  /**
   * For the audit log: whether the client authenticated by the previous key of a rotation.
   *
   * @default false
   */
  readonly previousApiKey?: boolean;
  /** For the audit log: the client address. */
  readonly ip?: string;
}
