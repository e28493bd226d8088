import type { ErrorCode } from '../base/error-codes.js';
import type {
  ClientRejection,
  DpopRejection,
  ExchangeRejection,
  GrantRejection,
  TokenRejection,
} from '../base/rejections.js';

/** Issued token and its recipient. */
export interface TokenIssuance {
  /** ID of the token. */
  readonly jti: string;
  /** `key_id` of the client. */
  readonly clientId: string;
  /** Subject of the token or session. */
  readonly subject: string;
  /** Whether the API key asserted the subject. If not, the issuer authenticated the subject. */
  readonly subjectAsserted: boolean;
  /** `aud` of the token (RFC 7519 §4.1.3). */
  readonly audience: string;
  /** Granted scope, separated by spaces. */
  readonly scope: string;
  /** Type of the access token, or `refresh`. */
  readonly tokenType: string;
  /** Expiry of the token as NumericDate (RFC 7519 §2). */
  readonly expiresAt: number;
  /** ID of the key that encrypts the token. */
  readonly kid: string;
  /** Session ID, unique within a client. */
  readonly sessionId?: string;
  /** `jti` of the subject token of a token exchange (RFC 8693 §2.1). */
  readonly delegatedFrom?: string;
  /** Actor of a delegated token (RFC 8693 §4.1). */
  readonly delegatedTo?: string;
  /** Issuer of the workload identity that obtained the token (RFC 7523 §2.1). */
  readonly workloadIssuer?: string;
  /** Subject of the workload identity that obtained the token. */
  readonly workloadSubject?: string;
  /** Present if the client authenticated with the previous secret of a rotated API key. */
  readonly previousApiKey?: true;
  /** Thumbprint of the key to which the token is bound (RFC 9449 §6.1). Absent for a token without `cnf.jkt`. */
  readonly jkt?: string;
  /** SHA-256 thumbprint of the certificate to which the token is bound (RFC 8705 §3.1). */
  readonly x5t?: string;
  /** Client address. */
  readonly ip?: string;
  /** ID of the request that the application assigned. */
  readonly requestId?: string;
}

/** Audit events of issued, accepted and rejected tokens, and of rejected token requests. */
export type TokenEvent =
  | ({
      /**
       * A token is about to be created. It is sent only if `token.issued` follows. Only required sinks receive this
       * event.
       */
      readonly type: 'token.intended';
    } & TokenIssuance)
  | ({
      /** A token was issued. The event is recorded before the token is sent. */
      readonly type: 'token.issued';
      /**
       * Present if a refresh token was sent again, because the client lost the response or sent concurrent requests.
       */
      readonly repeated?: true;
    } & TokenIssuance)
  | {
      /** A token request was rejected. */
      readonly type: 'issuance.refused';
      /** Code of the error. */
      readonly code: ErrorCode;
      /** Reason for the rejection, if the error has one. */
      readonly reason?: ClientRejection | GrantRejection | ExchangeRejection | DpopRejection;
      /** Present only for authenticated and public clients. */
      readonly clientId?: string;
      /** Present if the client is public: its ID is not authenticated. */
      readonly clientAsserted?: true;
      /** Issuer of the workload identity. Present only if the JWT of the workload is authentic (RFC 7523 §2.1). */
      readonly workloadIssuer?: string;
      /** Subject of the workload identity. Present only if the JWT of the workload is authentic. */
      readonly workloadSubject?: string;
      /**
       * Client address. An aggregated event contains the address of the first rejection. The others came from the same
       * address block.
       */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
      /**
       * Number of rejections since the previous event of this kind, including this one. Only for unauthenticated
       * clients.
       */
      readonly count?: number;
    }
  | {
      /**
       * A token was accepted. The first acceptance from each pair of client address and user agent is recorded
       * immediately, later ones at most once a minute. After 16 pairs per token, events for further pairs contain
       * neither address nor user agent.
       */
      readonly type: 'token.accepted';
      /**
       * Present if the token proves its issuance. Without proof, a holder of an exported access key may have forged the
       * identities.
       */
      readonly proven?: true;
      /** Trusted issuer of the token. The other identities are then identities of this issuer, not of this service. */
      readonly issuer?: string;
      /** ID of the token. */
      readonly jti: string;
      /** ID of the key that encrypts the token. */
      readonly kid?: string;
      /** `key_id` of the client. */
      readonly clientId?: string;
      /** Subject of the token or session. */
      readonly subject?: string;
      /** Session ID, unique within a client. */
      readonly sessionId?: string;
      /** Client address. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
      /** First 12 characters of the SHA-256 digest of the user agent, base64url. */
      readonly agent?: string;
      /** Number of acceptances since the previous event for this token, address and user agent, including this one. */
      readonly count: number;
    }
  | {
      /** A signed token without encryption was accepted, because `signedOnly` of its trusted issuer allows that. */
      readonly type: 'token.not_encrypted';
      /** Trusted issuer of the token, which assigned the other identities. */
      readonly issuer?: string;
      /** ID of the token. */
      readonly jti: string;
      /** Key ID of the key that signed the token. */
      readonly kid?: string;
      /** `key_id` of the client. */
      readonly clientId?: string;
      /** Subject of the token or session. */
      readonly subject?: string;
      /** Client address. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    }
  | {
      /**
       * A token was rejected, or a guard rejected the request. Identifiers are present only if the token is authentic,
       * even if it has expired or been revoked.
       */
      readonly type: 'token.refused';
      /** Code of the error. */
      readonly code: ErrorCode;
      /** Reason for the rejection, if the error has one. */
      readonly reason?: TokenRejection | DpopRejection;
      /**
       * Present if the token proves its issuance. Without proof, a holder of an exported access key may have forged the
       * identities.
       */
      readonly proven?: true;
      /** Trusted issuer of the token. The other identities are then identities of this issuer, not of this service. */
      readonly issuer?: string;
      /** ID of the token. */
      readonly jti?: string;
      /** ID of the key that encrypts the token. */
      readonly kid?: string;
      /** `key_id` of the client. */
      readonly clientId?: string;
      /** Subject of the token or session. */
      readonly subject?: string;
      /**
       * Client address. An aggregated event contains the address of the first rejection. The others came from the same
       * address block.
       */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
      /** Number of rejections since the previous event of this kind, including this one. Only for invalid tokens. */
      readonly count?: number;
    };
