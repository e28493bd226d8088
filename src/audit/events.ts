import type { ErrorCode } from '../base/error-codes.js';
import type {
  ClientRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from '../base/rejections.js';

/** A token that is issued, and to whom. */
export interface TokenIssuance {
  readonly jti: string;
  readonly clientId: string;
  readonly subject: string;
  /** The subject is a user that the API key asserted, not one that was authenticated here. */
  readonly subjectAsserted: boolean;
  readonly audience: string;
  readonly scope: string;
  /** That of an access token, or `refresh`. */
  readonly tokenType: string;
  /** NumericDate. */
  readonly expiresAt: number;
  readonly kid: string;
  readonly sessionId?: string;
  /** `jti` of the token that it was delegated from. */
  readonly delegatedFrom?: string;
  /** Who acts, where it is delegated. */
  readonly delegatedTo?: string;
  /** The client used the previous key of a rotation. */
  readonly previousApiKey?: true;
  readonly ip?: string;
}

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
      /** The versions of the key ring are others than before. */
      readonly type: 'key_ring.changed';
      readonly current: string;
      readonly previous: readonly string[];
    }
  | {
      /** A version was added that will take the place of the current one. */
      readonly type: 'key_ring.rotated';
      readonly current: string;
      readonly next: string;
    }
  | {
      /** A version was ended before its time. */
      readonly type: 'key_ring.retired';
      readonly kid: string;
    }
  | {
      /** The source of keys stopped answering, or holds no key ring: the last good one stays in force. */
      readonly type: 'key_source.failed';
      readonly source: string;
      readonly reason: 'unreachable' | 'malformed';
    }
  | {
      readonly type: 'key_source.reachable';
      readonly source: string;
    }
  | {
      /** A key has encrypted a good share of what it may. */
      readonly type: 'key.usage_high';
      readonly kid: string;
      readonly used: number;
      readonly limit: number;
    }
  | {
      /** A key has encrypted all that it may, and encrypts no more. */
      readonly type: 'key.exhausted';
      readonly kid: string;
      readonly limit: number;
    }
  | {
      /** From now on in force, in place of those before. */
      readonly type: 'api_keys.loaded';
      readonly keyIds: readonly string[];
    }
  | {
      /** Some of the keys that were loaded are easy to guess. */
      readonly type: 'api_keys.weak';
      readonly keyIds: readonly string[];
    }
  | {
      /** Environment variables of the files that were loaded have quotes or white space around their value. */
      readonly type: 'api_keys.wrapped_variables';
      /** Names, never values. */
      readonly variables: readonly string[];
    }
  | {
      /** The files cannot be used. What was in force before stays in force. */
      readonly type: 'api_keys.rejected';
      readonly problemCount: number;
      /** Paths of the files, or of the directory, that are at fault. */
      readonly files: readonly string[];
    }
  | ({
      /** A token is about to be made, and is not handed out unless `token.issued` follows. For required sinks alone. */
      readonly type: 'token.intended';
    } & TokenIssuance)
  | ({
      /** On record before the token is handed out. */
      readonly type: 'token.issued';
      /** A refresh token that was handed out before, to a client that lost the answer or asked twice at once. */
      readonly repeated?: true;
    } & TokenIssuance)
  | {
      readonly type: 'issuance.refused';
      readonly code: ErrorCode;
      readonly reason?: ClientRejection | GrantRejection | ExchangeRejection;
      /** Only of a client that was authenticated, or is a public one. */
      readonly clientId?: string;
      /** The client is a public one, which merely names itself. */
      readonly clientAsserted?: true;
      /** Of the first of them, where there are several: the others came from the same block of addresses. */
      readonly ip?: string;
      /** Of clients that were not authenticated: how many since the previous event of this kind, this one included. */
      readonly count?: number;
    }
  | {
      /**
       * Aggregated: the first acceptance of a token from an address or a user agent, then one event a minute for each
       * while it is in use. Of one token 16 are told apart at a time; what comes from further ones has neither.
       */
      readonly type: 'token.accepted';
      /** The token proves that its issuer issued it. A holder of an exported access key can name whomever it likes. */
      readonly proven?: true;
      /** Of a token of a trusted issuer: the identities below are its own, not ours. */
      readonly issuer?: string;
      readonly jti: string;
      readonly kid?: string;
      readonly clientId?: string;
      readonly subject?: string;
      readonly sessionId?: string;
      readonly ip?: string;
      /** The first 12 characters of the digest of the user agent: SHA-256, base64url. */
      readonly agent?: string;
      /** Acceptances since the previous event for this token from there, this one included. */
      readonly count: number;
    }
  | {
      /** A token was not accepted, or a guard turned it away; it is named only once verified, even if no longer valid. */
      readonly type: 'token.refused';
      readonly code: ErrorCode;
      readonly reason?: TokenRejection;
      /** The token proves that its issuer issued it. A holder of an exported access key can name whomever it likes. */
      readonly proven?: true;
      /** Of a token of a trusted issuer: the identities below are its own, not ours. */
      readonly issuer?: string;
      readonly jti?: string;
      readonly kid?: string;
      readonly clientId?: string;
      readonly subject?: string;
      /** Of the first of them, where there are several: the others came from the same block of addresses. */
      readonly ip?: string;
      /** Of tokens that are not in force: how many since the previous event of this kind, this one included. */
      readonly count?: number;
    }
  | {
      /** From now on refused; which of the identifiers are there depends on the kind. */
      readonly type: 'revocation.added';
      readonly kind: 'token' | 'session' | 'api_key' | 'subject' | 'kid';
      /** The trusted issuer whose tokens are meant. */
      readonly issuer?: string;
      readonly jti?: string;
      readonly clientId?: string;
      readonly sessionId?: string;
      readonly subject?: string;
      readonly kid?: string;
      /** NumericDate. */
      readonly expiresAt?: number;
      /** NumericDate of the `iat` of the token, where that was given. */
      readonly issuedAt?: number;
      /** NumericDate of the last second whose tokens are revoked, where that was given. */
      readonly issuedUpTo?: number;
      /** The client that asked for it. */
      readonly requestedBy?: string;
      /** Its address. */
      readonly ip?: string;
    }
  | {
      /** An API key is inactive, and others could not be told yet; that is tried again until it is done. */
      readonly type: 'revocation.delayed';
      readonly kind: 'api_key';
      readonly clientId: string;
    }
  | {
      /**
       * A refresh-token family began, was used, or ended: `revoked` by its client or an operator, `reused` when a
       * consumed token came back, `guessed` after too many wrong sessions or devices.
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
      /** The store of limits stopped answering: from now on requests are treated as the policy says. */
      readonly type: 'limits.degraded';
      readonly policy: 'deny' | 'local' | 'allow';
    }
  | {
      readonly type: 'limits.restored';
    }
  | {
      /**
       * A client has no IP address: clients without one share a limit of failed authentications. Recorded once by each
       * token router.
       */
      readonly type: 'client_address.unknown';
    }
  | {
      /**
       * A request with forwarding headers came from a peer that `trust proxy` does not cover: if it is a proxy, its
       * clients share a limit of failed authentications. Recorded once by each token router.
       */
      readonly type: 'proxy.untrusted';
      /** Address of the peer. */
      readonly ip?: string;
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
