/**
 * Threshold that an alert reached, and time of the event that reached it.
 *
 * @inline
 */
export interface PassedThreshold {
  /** Time of the audit event that reached the threshold, ISO 8601 in UTC. */
  readonly time: string;
  /** Count within the window. */
  readonly observed: number;
  /** Lowest count that raises an alert. */
  readonly threshold: number;
  /** Length of the window in seconds. */
  readonly windowSeconds: number;
}

/**
 * Whether the counted tokens carried a proof of issuance. Without it, the identities may be forged, so the monitor
 * never answers the alert.
 *
 * @inline
 */
interface Proof {
  /** Present if the tokens prove their issuance. */
  readonly proven?: true;
}

/**
 * Identifiers of a token, as in audit events.
 *
 * @inline
 */
interface SuspiciousToken extends Proof {
  /** Trusted issuer of the token, if any. The other identities are then identities of this issuer. */
  readonly issuer?: string;
  /** ID of the token. */
  readonly jti: string;
  /** `key_id` of the client. */
  readonly clientId?: string;
  /** Subject of the token or session. */
  readonly subject?: string;
  /** `session_id` of the token, unique within a client. */
  readonly sessionId?: string;
  /** Client addresses, at most 16: IPv4 addresses and IPv6 prefixes of 56 bits. */
  readonly addresses: readonly string[];
  /** Digests of the user agents, at most 16, as in `token.accepted`. */
  readonly agents: readonly string[];
}

/** Alert of the monitor. It contains identifiers and numbers, never a token, a key or a secret. */
export type SuspiciousUse = PassedThreshold &
  (
    | (SuspiciousToken & {
        /** One token was sent from `observed` addresses. */
        readonly kind: 'token_from_many_addresses';
      })
    | (SuspiciousToken & {
        /**
         * One token was sent by `observed` user agents that share no address. They most likely belong to different
         * parties.
         */
        readonly kind: 'token_from_many_user_agents';
      })
    | {
        /** A consumed refresh token was reused, so two parties have it (RFC 9700 §4.14.2). */
        readonly kind: 'refresh_token_reused';
        /** `key_id` of the client. */
        readonly clientId: string;
        /** Subject of the token or session. */
        readonly subject: string;
        /** `session_id` of the token, unique within a client. */
        readonly sessionId: string;
        /** ID of the refresh-token family. */
        readonly familyId: string;
      }
    | (Proof & {
        /** `observed` requests with the secret or a token of an API key were rejected. */
        readonly kind: 'refusals_of_client';
        /** `key_id` of the client. */
        readonly clientId: string;
      })
    | {
        /** `observed` requests from a client address were rejected. */
        readonly kind: 'refusals_of_address';
        /** IPv4 address or IPv6 prefix of 56 bits. */
        readonly address: string;
      }
    | {
        /** A revoked token, or a token of an inactive API key, was presented `observed` times. */
        readonly kind: 'use_after_revocation';
        /** Reason for rejecting the token: a revocation, or an inactive API key. */
        readonly reason: 'revoked' | 'key_inactive';
        /** Trusted issuer of the token, if any. The other identities are then identities of this issuer. */
        readonly issuer?: string;
        /**
         * Token ID, if the audit event contains it. Uses are counted per `jti`, or else per `clientId` or per
         * `address`.
         */
        readonly jti?: string;
        /** `key_id` of the client. */
        readonly clientId?: string;
        /** Subject of the token or session. */
        readonly subject?: string;
        /** Client address: IPv4 address or IPv6 prefix of 56 bits. */
        readonly address?: string;
      }
    | (Proof & {
        /** The rate of tokens issued to an API key, or of uses of its tokens, is many times its moving average. */
        readonly kind: 'sudden_rate';
        /** `key_id` of the client. */
        readonly clientId: string;
        /** Counted events: tokens issued to the API key, or uses of its tokens. */
        readonly of: 'issuance' | 'acceptance';
        /** Moving average of the counts in earlier windows. */
        readonly average: number;
      })
  );

/** Kind of an alert. */
export type SuspicionKind = SuspiciousUse['kind'];
