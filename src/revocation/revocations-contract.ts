import type { AuditOrigin } from '../audit/audit-origin.js';
import type { AuditTrail } from '../audit/record.js';
import type { Clock, NumericDate } from '../base/clock.js';
import type { RevocationFill } from '../stores/revocation-store.js';
import type { Stores } from '../stores/stores.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { RevocationCheck } from './check-revocation.js';
import type { Revocable } from './revocable.js';

/** Options of `createRevocations()`: the store, the retention periods and the audit log. */
export interface RevocationsOptions {
  /** Stores of a driver, for example `createMemoryStores()`. Only the store `revocations` is used. */
  readonly stores: Pick<Stores, 'revocations'>;
  /**
   * Maximum lifetime of any token in seconds, including refresh tokens. It is the retention period of revocations of
   * API keys, sessions and subjects. Revocations of a `kid` never expire.
   *
   * @default 7_776_000 (90 days, the default lifetime of a refresh-token family)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Maximum lifetime of any access token in seconds. It is the retention period of revocations of ended sessions.
   * Verifiers and routers in this process raise the value if they accept longer lifetimes. Set it if only other
   * processes accept longer lifetimes.
   *
   * @default 86_400 (1 day, the default of `maxTokenLifetimeSeconds` in verifiers)
   */
  readonly maxAccessTokenLifetimeSeconds?: number;
  /**
   * Audit trail that receives an event for each revocation.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Clock that determines cut-offs and expiry.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/**
 * Revocation service: revokes tokens and answers revocation checks. Pass it as `revocations` to `authenticate`,
 * `JweStrategy` and `tokenRouter`.
 */
export interface Revocations extends RevocationCheck {
  /**
   * Revoke a single token, a session, an API key, a subject, or all tokens encrypted under a `kid`. The revocation of
   * a session, API key or subject covers tokens issued up to the current second. Tokens issued later are accepted.
   *
   * If an API key has too many revocations of tokens and ended sessions, the store folds the oldest into a wider one.
   * It covers the access tokens of a subject or of the API key. Refresh-token families remain valid.
   *
   * @param requestedBy `key_id` of the client that requested the revocation
   * @param origin address of the client, or address and ID of the request, for the audit log
   * @param reach `access_tokens` if the caller ends the refresh-token families itself, as `createSessions` does. The
   *   revocation then expires with the last access token. Default: `all_tokens`
   * @throws TypeError (as rejection) if the target is malformed
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable, or full of revocations that cannot
   *   be folded. The revocation may still have been stored. A retry is safe.
   * @example
   * await revocations.revoke({ kind: 'session', clientId: 'web', sessionId: 'session-1' });
   */
  revoke(
    target: Revocable,
    requestedBy?: string,
    origin?: string | AuditOrigin,
    reach?: RevocationReach,
  ): Promise<void>;
  /**
   * Whether a token or one of its ancestors in the delegation chain is revoked. Synchronous.
   *
   * @throws TemporarilyUnavailableError if the local replica exceeds its maximum age
   */
  isRevoked(token: VerifiedToken): boolean;
  /**
   * Whether the API key, subject, session or `kid` of a refresh-token family is revoked.
   *
   * @throws TemporarilyUnavailableError if the local replica exceeds its maximum age
   */
  isFamilyRevoked(family: FamilyIdentity): boolean;
  /** Upper bound of the replica age, in seconds. Newer revocations by other instances may be missing. */
  readonly ageSeconds: number;
  /** Fill level of the store, for metrics and readiness probes. `undefined` if the store does not report it. */
  readonly fill: RevocationFill | undefined;
  /** Retention period of revocations of API keys, sessions and subjects, in seconds. */
  readonly maxTokenLifetimeSeconds: number;
}

/** Scope of a revocation: all tokens, or access tokens without refresh-token families. */
export type RevocationReach = 'all_tokens' | 'access_tokens';

/** Identities of a refresh-token family. Revoking any of them revokes the family. */
export interface FamilyIdentity {
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** Subject of the family. */
  readonly subject: string;
  /** Session ID. */
  readonly sessionId: string;
  /** Creation time of the family. A later cut-off revokes the family, even if its current token is newer. */
  readonly createdAt: NumericDate;
  /**
   * `kid` of the refresh token.
   *
   * @default undefined (revocations of a `kid` are not checked)
   */
  readonly kid?: string;
}
