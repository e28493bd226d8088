import type { ErrorCode } from '../errors.js';
import type { ClientRejection, ExchangeRejection, GrantRejection, TokenRejection } from './rejections.js';

/**
 * Everything that is ever put on record. A closed union: each event holds identifiers and verdicts, never a
 * token, a key, a secret or free text from a request.
 */
export type AuditEvent =
  | {
      readonly type: 'key_ring.created';
      /** `kid` of the root or key that encrypts. */
      readonly current: string;
      /** `kid`s of those that only decrypt. */
      readonly previous: readonly string[];
    }
  | {
      readonly type: 'api_keys.loaded';
      readonly keyIds: readonly string[];
    }
  | {
      readonly type: 'api_keys.rejected';
      readonly problemCount: number;
    }
  | {
      readonly type: 'token.issued';
      readonly jti: string;
      readonly clientId: string;
      readonly subject: string;
      /** The subject is a user that the API key asserted, not one that was authenticated here. */
      readonly subjectAsserted: boolean;
      readonly audience: string;
      readonly scope: string;
      readonly tokenType: string;
      /** NumericDate. */
      readonly expiresAt: number;
      readonly kid: string;
      /** `jti` of the token that it was delegated from. */
      readonly delegatedFrom?: string;
      /** Who acts, where it is delegated. */
      readonly delegatedTo?: string;
      readonly ip?: string;
    }
  | {
      readonly type: 'issuance.refused';
      readonly code: ErrorCode;
      readonly reason?: ClientRejection | GrantRejection | ExchangeRejection;
      /** Only of a client that was authenticated. */
      readonly clientId?: string;
      readonly ip?: string;
    }
  | {
      /** Aggregated: the first acceptance of a token, then one event a minute while it is in use. */
      readonly type: 'token.accepted';
      readonly jti: string;
      readonly clientId?: string;
      readonly subject?: string;
      /** Acceptances since the previous event for this token, this one included. */
      readonly count: number;
    }
  | {
      /** A token was not accepted, or a guard turned it away; the token is named only where it was verified. */
      readonly type: 'token.refused';
      readonly code: ErrorCode;
      readonly reason?: TokenRejection;
      readonly jti?: string;
      readonly clientId?: string;
      readonly subject?: string;
      readonly ip?: string;
    }
  | {
      /** From now on refused; which of the identifiers are there depends on the kind. */
      readonly type: 'revocation.added';
      readonly kind: 'token' | 'session' | 'api_key' | 'subject' | 'kid';
      readonly jti?: string;
      readonly clientId?: string;
      readonly sessionId?: string;
      readonly subject?: string;
      readonly kid?: string;
      /** NumericDate. */
      readonly expiresAt?: number;
      /** The client that asked for it. */
      readonly requestedBy?: string;
    }
  | {
      /** A refresh-token family began, was used, or ended: by its client, or because an old token came back. */
      readonly type: 'session.started' | 'session.refreshed' | 'session.ended';
      readonly familyId: string;
      readonly clientId: string;
      readonly subject: string;
      readonly sessionId: string;
      readonly deviceId?: string;
      readonly reason?: 'reused' | 'revoked';
    }
  | {
      /** The store of revocations stopped answering, or answers again. */
      readonly type: 'store.unreachable' | 'store.reachable';
    }
  | {
      /** A remote JWK Set could not be loaded, or can be again. */
      readonly type: 'jwks.unreachable' | 'jwks.reachable';
      /** Its URL, without a query. */
      readonly source: string;
    }
  | {
      /** The store had lost revocations that this process still knew; they are put back. */
      readonly type: 'store.data_lost';
      /** It began anew, and was not merely behind. */
      readonly isNewEpoch: boolean;
      /** How many revocations this process puts back. */
      readonly restored: number;
    };

/** An event as sinks receive it. */
export type AuditRecord = AuditEvent & {
  /** When it was recorded, ISO 8601 in UTC, from the injected clock: whole seconds. */
  readonly time: string;
};
