/** Which threshold was passed, and when. */
export interface PassedThreshold {
  /** Of the event that passed it, ISO 8601 in UTC. */
  readonly time: string;
  /** What was counted. */
  readonly observed: number;
  /** The number from which on it is suspicious. */
  readonly threshold: number;
  /** The time in which it was counted, in seconds. */
  readonly windowSeconds: number;
}

/** Whether the counted tokens proved their issuance. An alert without proof is never answered: it may name any party. */
interface Proof {
  readonly proven?: true;
}

/** The token in question, as events name it. */
interface SuspiciousToken extends Proof {
  /** Of a token of a trusted issuer: the identities below are its own, not ours. */
  readonly issuer?: string;
  readonly jti: string;
  readonly clientId?: string;
  readonly subject?: string;
  readonly sessionId?: string;
  /** Where it came from: IPv4 addresses, and blocks of 56 bits of IPv6. At most 16. */
  readonly addresses: readonly string[];
  /** Digests of its user agents, as in `token.accepted`. At most 16. */
  readonly agents: readonly string[];
}

/** What the monitor finds suspicious. A closed union: identifiers and numbers, never a token, a key or a secret. */
export type SuspiciousUse = PassedThreshold &
  (
    | (SuspiciousToken & {
        /** One token came from so many addresses. */
        readonly kind: 'token_from_many_addresses';
      })
    | (SuspiciousToken & {
        /** One token came from so many user agents that share no address: from so many parties, most likely. */
        readonly kind: 'token_from_many_user_agents';
      })
    | {
        /** A refresh token came back after its successor was used: two parties hold it (RFC 9700 section 4.14.2). */
        readonly kind: 'refresh_token_reused';
        readonly clientId: string;
        readonly subject: string;
        readonly sessionId: string;
        readonly familyId: string;
      }
    | (Proof & {
        /** So many requests of an API key were refused, its tokens included. */
        readonly kind: 'refusals_of_client';
        readonly clientId: string;
      })
    | {
        /** So many requests from an address were refused. */
        readonly kind: 'refusals_of_address';
        /** An IPv4 address, or a block of 56 bits of IPv6. */
        readonly address: string;
      }
    | {
        /** A revoked token, or one of an inactive API key, was presented this often. */
        readonly kind: 'use_after_revocation';
        readonly reason: 'revoked' | 'key_inactive';
        /** Of a token of a trusted issuer: the identities below are its own, not ours. */
        readonly issuer?: string;
        /** As far as the refusal names the token; it is counted by the first of `jti`, `clientId` and `address`. */
        readonly jti?: string;
        readonly clientId?: string;
        readonly subject?: string;
        readonly address?: string;
      }
    | (Proof & {
        /** An API key is issued, or its tokens are used for, many times what it usually is. */
        readonly kind: 'sudden_rate';
        readonly clientId: string;
        readonly of: 'issuance' | 'acceptance';
        /** What was counted in a window before, on the moving average. */
        readonly average: number;
      })
  );

export type SuspicionKind = SuspiciousUse['kind'];
