/** The passed threshold and the time. */
export interface PassedThreshold {
  /** Time of the audit event that passed the threshold, ISO 8601 in UTC. */
  readonly time: string;
  /** Count within the window. */
  readonly observed: number;
  /** Lowest count that raises an alert. */
  readonly threshold: number;
  /** Length of the window in seconds. */
  readonly windowSeconds: number;
}

/**
 * Whether the counted tokens carried a proof of issuance. Without it, the names may be forged and are never answered.
 */
interface Proof {
  readonly proven?: true;
}

/** The token, as audit events name it. */
interface SuspiciousToken extends Proof {
  /** Trusted issuer of the token, if any: the identities below are then its identities. */
  readonly issuer?: string;
  readonly jti: string;
  readonly clientId?: string;
  readonly subject?: string;
  readonly sessionId?: string;
  /** Client addresses: IPv4 addresses and IPv6 prefixes of 56 bits. At most 16. */
  readonly addresses: readonly string[];
  /** Digests of the user agents, as in `token.accepted`. At most 16. */
  readonly agents: readonly string[];
}

/** An alert of the monitor. It contains identifiers and numbers, never a token, a key or a secret. */
export type SuspiciousUse = PassedThreshold &
  (
    | (SuspiciousToken & {
        /** One token was sent from `observed` addresses. */
        readonly kind: 'token_from_many_addresses';
      })
    | (SuspiciousToken & {
        /** One token was sent by `observed` user agents that share no address: most likely by different parties. */
        readonly kind: 'token_from_many_user_agents';
      })
    | {
        /** A consumed refresh token was reused: two parties have it (RFC 9700 §4.14.2). */
        readonly kind: 'refresh_token_reused';
        readonly clientId: string;
        readonly subject: string;
        readonly sessionId: string;
        readonly familyId: string;
      }
    | (Proof & {
        /** `observed` requests of an API key, or with its tokens, were rejected. */
        readonly kind: 'refusals_of_client';
        readonly clientId: string;
      })
    | {
        /** `observed` requests from an address were rejected. */
        readonly kind: 'refusals_of_address';
        /** An IPv4 address or an IPv6 prefix of 56 bits. */
        readonly address: string;
      }
    | {
        /** A revoked token, or a token of an inactive API key, was presented `observed` times. */
        readonly kind: 'use_after_revocation';
        readonly reason: 'revoked' | 'key_inactive';
        /** Trusted issuer of the token, if any: the identities below are then its identities. */
        readonly issuer?: string;
        /** Present if the audit event names it. Counted by the first of `jti`, `clientId` and `address`. */
        readonly jti?: string;
        readonly clientId?: string;
        readonly subject?: string;
        readonly address?: string;
      }
    | (Proof & {
        /** Issuance for an API key, or use of its tokens, is many times its moving average. */
        readonly kind: 'sudden_rate';
        readonly clientId: string;
        readonly of: 'issuance' | 'acceptance';
        /** Moving average of the counts in earlier windows. */
        readonly average: number;
      })
  );

export type SuspicionKind = SuspiciousUse['kind'];
