import type { ErrorCode } from '../base/error-codes.js';
import type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from '../base/rejections.js';
import type { KeyEvent } from './key-events.js';

/** A token that is issued, and its recipient. */
export interface TokenIssuance {
  readonly jti: string;
  readonly clientId: string;
  readonly subject: string;
  /** Whether the subject is a user that the API key asserted, rather than one authenticated by the issuer. */
  readonly subjectAsserted: boolean;
  readonly audience: string;
  readonly scope: string;
  /** Type of the access token, or `refresh`. */
  readonly tokenType: string;
  /** NumericDate. */
  readonly expiresAt: number;
  readonly kid: string;
  readonly sessionId?: string;
  /** `jti` of the subject token of a token exchange. */
  readonly delegatedFrom?: string;
  /** The actor of a delegated token. */
  readonly delegatedTo?: string;
  /** The client authenticated with the previous secret of a rotated API key. */
  readonly previousApiKey?: true;
  readonly ip?: string;
}

/**
 * All audit events, as a closed union. An event has identifiers and verdicts, never a token, a key, a secret or free
 * text from a request.
 */
export type AuditEvent =
  | KeyEvent
  | {
      /** API keys were loaded. They replace the previous ones. */
      readonly type: 'api_keys.loaded';
      readonly keyIds: readonly string[];
    }
  | {
      /** Some of the loaded API keys are easy to guess. */
      readonly type: 'api_keys.weak';
      readonly keyIds: readonly string[];
    }
  | {
      /** Environment variables in the loaded files have values wrapped in quotes or white space. */
      readonly type: 'api_keys.wrapped_variables';
      /** Names, never values. */
      readonly variables: readonly string[];
    }
  | {
      /** The files are invalid. The previous API keys stay in use. */
      readonly type: 'api_keys.rejected';
      readonly problemCount: number;
      /** Paths of the invalid files or of the directory. */
      readonly files: readonly string[];
    }
  | ({
      /** A token is about to be created. It is sent only if `token.issued` follows. For required sinks only. */
      readonly type: 'token.intended';
    } & TokenIssuance)
  | ({
      /** A token was issued. Recorded before the token is sent. */
      readonly type: 'token.issued';
      /** A refresh token that was sent before, to a client that lost the response or sent two concurrent requests. */
      readonly repeated?: true;
    } & TokenIssuance)
  | {
      readonly type: 'issuance.refused';
      readonly code: ErrorCode;
      readonly reason?: ClientRejection | GrantRejection | ExchangeRejection;
      /** Present only for authenticated and public clients. */
      readonly clientId?: string;
      /** The client is public, so that its ID is not authenticated. */
      readonly clientAsserted?: true;
      /**
       * Client address. In an aggregated event, that of the first rejection: the others came from the same address
       * block.
       */
      readonly ip?: string;
      /**
       * For unauthenticated clients: number of rejections since the previous event of this kind, including this one.
       */
      readonly count?: number;
    }
  | {
      /**
       * Aggregated: the first acceptance of a token from a client address and user agent, then at most one event a
       * minute for each while it is in use. Each token has at most 16 of these pairs; events for further ones have
       * neither field.
       */
      readonly type: 'token.accepted';
      /**
       * The token proves its issuance. Without proof, a holder of an exported access key may have chosen the
       * identities.
       */
      readonly proven?: true;
      /** The trusted issuer of the token. The identities below are then its own, not those of this service. */
      readonly issuer?: string;
      readonly jti: string;
      readonly kid?: string;
      readonly clientId?: string;
      readonly subject?: string;
      readonly sessionId?: string;
      readonly ip?: string;
      /** First 12 characters of the SHA-256 digest of the user agent, base64url. */
      readonly agent?: string;
      /** Acceptances since the previous event for this token, address and user agent, including this one. */
      readonly count: number;
    }
  | {
      /**
       * A token was rejected, or a guard rejected its request. Identifiers are present only if the token is genuine, even
       * if it is no longer valid.
       */
      readonly type: 'token.refused';
      readonly code: ErrorCode;
      readonly reason?: TokenRejection;
      /**
       * The token proves its issuance. Without proof, a holder of an exported access key may have chosen the
       * identities.
       */
      readonly proven?: true;
      /** The trusted issuer of the token. The identities below are then its own, not those of this service. */
      readonly issuer?: string;
      readonly jti?: string;
      readonly kid?: string;
      readonly clientId?: string;
      readonly subject?: string;
      /**
       * Client address. In an aggregated event, that of the first rejection: the others came from the same address
       * block.
       */
      readonly ip?: string;
      /** For invalid tokens: number of rejections since the previous event of this kind, including this one. */
      readonly count?: number;
    }
  | {
      /** A revocation took effect. The kind determines which identifiers are present. */
      readonly type: 'revocation.added';
      readonly kind: 'token' | 'session' | 'api_key' | 'subject' | 'kid';
      /** The trusted issuer of the revoked tokens. */
      readonly issuer?: string;
      readonly jti?: string;
      readonly clientId?: string;
      readonly sessionId?: string;
      readonly subject?: string;
      readonly kid?: string;
      /** NumericDate. */
      readonly expiresAt?: number;
      /** `iat` of the token as NumericDate, if it was given. */
      readonly issuedAt?: number;
      /** Cut-off as NumericDate: tokens issued in or before this second are revoked. */
      readonly issuedUpTo?: number;
      /** The client that requested the revocation. */
      readonly requestedBy?: string;
      /** Address of that client. */
      readonly ip?: string;
    }
  | {
      /**
       * An API key is inactive, but its revocation could not be stored yet. The attempt is retried until it succeeds.
       */
      readonly type: 'revocation.delayed';
      readonly kind: 'api_key';
      readonly clientId: string;
    }
  | {
      /**
       * A refresh-token family started, was used, or ended. Reasons for the end: `revoked` (by the client or an
       * operator), `reused` (a consumed token was used again), `guessed` (too many wrong session or device IDs).
       */
      readonly type: 'session.started' | 'session.refreshed' | 'session.ended';
      readonly familyId: string;
      readonly clientId: string;
      readonly subject: string;
      readonly sessionId: string;
      readonly deviceId?: string;
      readonly reason?: 'reused' | 'revoked' | 'guessed';
      /** Address of the client that caused it. */
      readonly ip?: string;
    }
  | {
      /** The limit store is unavailable. Requests are handled according to the policy. */
      readonly type: 'limits.degraded';
      readonly policy: 'deny' | 'local' | 'allow';
    }
  | {
      readonly type: 'limits.restored';
    }
  | {
      /**
       * A client has no IP address. All clients without one share a limit of failed authentications. Recorded once per
       * token router.
       */
      readonly type: 'client_address.unknown';
    }
  | {
      /**
       * A request with forwarding headers came from a peer that `trust proxy` does not cover. If it is a proxy, its
       * clients share a limit of failed authentications. Recorded once per token router.
       */
      readonly type: 'proxy.untrusted';
      /** Address of the peer. */
      readonly ip?: string;
    }
  | {
      /** The revocation store became unavailable, or is available again. */
      readonly type: 'store.unreachable' | 'store.reachable';
    }
  | {
      /** A remote JWK Set could not be loaded, or was loaded again. */
      readonly type: 'jwks.unreachable' | 'jwks.reachable';
      /** Its URL, without a query. */
      readonly source: string;
    }
  | {
      /** The store lost revocations that this process still has. They are restored. */
      readonly type: 'store.data_lost';
      /** Whether the store was created anew, rather than reset to an earlier state. */
      readonly isNewEpoch: boolean;
      /** Number of revocations that this process restores. */
      readonly restored: number;
    };

/** An event as sinks receive it. */
export type AuditRecord = AuditEvent & {
  /** Time of the event by the clock of the audit trail: ISO 8601 in UTC, whole seconds. */
  readonly time: string;
};
