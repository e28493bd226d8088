import type { Session } from '../sessions/session.js';
import type { SessionPage, SessionQuery } from '../sessions/sessions-contract.js';
import type { Confirmation } from '../token/claims/confirmation.js';

/** A user who signed in. */
export interface UserSessionStart {
  /** The user: 1 to 200 characters of any language. RFC 7519 §4.1.2. */
  readonly subject: string;
  /**
   * Granted scope tokens, as an array or separated by spaces. RFC 6749 §3.3.
   *
   * @default [] (tokens without scope)
   */
  readonly scope?: string | readonly string[];
  /**
   * Name of the device, for lists of sessions. It is not checked when a refresh token is used.
   *
   * @default undefined (unknown)
   */
  readonly deviceId?: string;
  /**
   * Keys of the client, to which the tokens are bound: `{ jkt }` or `{ 'x5t#S256' }`, as in `createTokenIssuer()`. The
   * application must have verified that the client holds the keys.
   *
   * @default undefined (bearer tokens, until a refresh has a `confirmation`)
   */
  readonly confirmation?: Confirmation;
  /**
   * Client address, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
  /**
   * ID of the request. Only for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly requestId?: string;
}

/** The use of a refresh token. */
export interface UserSessionRefresh {
  /**
   * Keys of the client, to which the tokens are bound: `{ jkt }` or `{ 'x5t#S256' }`, as in `createTokenIssuer()`. If the
   * session is bound to keys, the refresh requires them. Otherwise, this refresh binds the session.
   *
   * @default undefined (no keys: the access token is a bearer token)
   */
  readonly confirmation?: Confirmation;
  /**
   * Scope of the access token, within the granted scope. Later refreshes may request the whole granted scope again.
   * RFC 6749 §6.
   *
   * @default the granted scope
   */
  readonly scope?: string | readonly string[];
  /**
   * Client address, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
  /**
   * ID of the request. Only for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly requestId?: string;
}

/** The tokens of a session. */
export interface SessionTokens {
  /** Secret. */
  readonly accessToken: string;
  /** Replaces the refresh token that was used. Secret. */
  readonly refreshToken: string;
  /** ID of the session. */
  readonly sessionId: string;
  /** Lifetime of the access token in whole seconds. */
  readonly expiresInSeconds: number;
  /** Scope of the access token, separated by spaces. */
  readonly scope: string;
}

/** Sessions to keep when the others end. */
export interface UserSessionsEnd {
  /**
   * ID of a session that does not end.
   *
   * @default undefined (all sessions end)
   */
  readonly keep?: string;
}

/**
 * Sessions of the users of an application, without API keys. Every method rejects with TypeError for a missing, unknown
 * or malformed option, and with TemporarilyUnavailableError if a store, the key source or a required audit sink is
 * unavailable. A refresh token that was sent before an outage stays usable.
 */
export interface UserSessions {
  /**
   * Start a session for a user whose credentials the application has checked.
   *
   * @throws InvalidGrantError (as rejection) if the `claims` hook returns `undefined`
   *
   * @example
   * const { accessToken, refreshToken } = await userSessions.start({ subject: 'alice', scope: 'read write' });
   */
  start(request: UserSessionStart): Promise<SessionTokens>;
  /**
   * Exchange a refresh token for an access token with current claims, and for the next refresh token. The reuse of a
   * consumed refresh token ends the session, except within the grace window.
   *
   * @throws InvalidGrantError (as rejection) if the refresh token is malformed, expired, revoked or was already used, or
   *   the `claims` hook returns `undefined`, or the session is bound to a key that `confirmation` lacks
   * @throws InvalidScopeError (as rejection) if the scope is malformed or exceeds the granted scope
   *
   * @example
   * const { accessToken, refreshToken } = await userSessions.refresh(req.body.refreshToken, { ip: req.ip });
   */
  refresh(refreshToken: string, request?: UserSessionRefresh): Promise<SessionTokens>;
  /**
   * End a session and revoke its access tokens. Any refresh token of the session identifies it, even a consumed one. A
   * session that has already ended is not an error.
   *
   * @throws InvalidGrantError (as rejection) if the refresh token is malformed or expired
   *
   * @example
   * await userSessions.end({ subject: 'alice', sessionId });
   */
  end(session: string | Pick<Session, 'subject' | 'sessionId'>): Promise<void>;
  /**
   * End all sessions of a user and revoke all access tokens of the user, with or without a session. With `keep`, access
   * tokens without a session stay valid until they expire.
   *
   * @returns the number of ended sessions
   *
   * @example
   * await userSessions.endAll('alice', { keep: sessionId });
   */
  endAll(subject: string, request?: UserSessionsEnd): Promise<number>;
  /**
   * List a page of the live sessions of a user, the most recently used first.
   *
   * @example
   * const { sessions } = await userSessions.list('alice');
   */
  list(subject: string, page?: Pick<SessionQuery, 'limit' | 'after'>): Promise<SessionPage>;
}
