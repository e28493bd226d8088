/** Audit events of revocations and refresh-token families. */
export type SessionEvent =
  | {
      /** A revocation took effect. The kind determines which identifiers are present. */
      readonly type: 'revocation.added';
      /** Kind of the revocation. */
      readonly kind: 'token' | 'session' | 'api_key' | 'subject' | 'kid';
      /** Trusted issuer of the revoked tokens. */
      readonly issuer?: string;
      /** ID of the token. */
      readonly jti?: string;
      /** `key_id` of the client. */
      readonly clientId?: string;
      /** Session ID, unique within a client. */
      readonly sessionId?: string;
      /** Subject of the token or session. */
      readonly subject?: string;
      /** ID of the key that encrypts the token. */
      readonly kid?: string;
      /** `exp` of the revoked token as NumericDate. */
      readonly expiresAt?: number;
      /** `iat` of the revoked token as NumericDate, if known. */
      readonly issuedAt?: number;
      /** Cut-off as NumericDate: tokens issued in or before this second are revoked. */
      readonly issuedUpTo?: number;
      /** `key_id` of the client that requested the revocation. */
      readonly requestedBy?: string;
      /** Address of the client that requested the revocation. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    }
  | {
      /**
       * An API key is inactive, but the store has not confirmed its revocation. The revocation is retried until the
       * store confirms it.
       */
      readonly type: 'revocation.delayed';
      /** Kind of the revocation. */
      readonly kind: 'api_key';
      /** `key_id` of the client. */
      readonly clientId: string;
    }
  | {
      /** A refresh-token family started, was used or ended. */
      readonly type: 'session.started' | 'session.refreshed' | 'session.ended';
      /** ID of the refresh-token family. */
      readonly familyId: string;
      /** `key_id` of the client. */
      readonly clientId: string;
      /** Subject of the token or session. */
      readonly subject: string;
      /** Session ID, unique within a client. */
      readonly sessionId: string;
      /** Device ID of the session. */
      readonly deviceId?: string;
      /**
       * Reason for the end:
       *
       * - `reused`: a consumed token was used again,
       * - `revoked`: the client or an operator ended the session,
       * - `guessed`: the client sent too many wrong session or device IDs.
       */
      readonly reason?: 'reused' | 'revoked' | 'guessed';
      /** Address of the client that caused the event. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    };
