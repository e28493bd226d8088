import type { Session, SessionOwner } from './session.js';

/** Owner of the sessions to list, and the requested page. */
export interface SessionQuery extends SessionOwner {
  /**
   * Maximum number of sessions on a page, 1 to 1000.
   *
   * @default 100
   */
  readonly limit?: number;
  /**
   * Cursor: the `next` value of the previous page.
   *
   * @default undefined (the first page)
   */
  readonly after?: string;
}

/** One page of sessions, as `list()` returns it. */
export interface SessionPage {
  /**
   * Sessions on this page, most recently used first. A page can contain fewer than `limit` sessions, or none, and still
   * have a next page.
   */
  readonly sessions: readonly Session[];
  /** Cursor for the next page: pass it as `after`. Absent on the last page. */
  readonly next?: string;
}

/** Session to end, and the client that requested its end. */
export interface SessionEnd extends SessionOwner {
  /** Session ID. */
  readonly sessionId: string;
  /**
   * `key_id` of the API key that requested the end. The store counts the revocation against the quota of this API key.
   *
   * @default undefined (no API key)
   */
  readonly requestedBy?: string;
  /**
   * Address of the client that requested the end, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
  /**
   * ID of the request, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly requestId?: string;
}

/** Owner of the sessions to end, and a session to exclude. */
export interface AllSessionsEnd extends SessionOwner {
  /**
   * Session to exclude, for example the current session of a user.
   *
   * @default undefined (all sessions end)
   */
  readonly keep?: Pick<Session, 'subject' | 'sessionId'>;
  /**
   * `key_id` of the API key that requested the end, as in `SessionEnd`.
   *
   * @default undefined (no API key)
   */
  readonly requestedBy?: string;
  /**
   * Address of the client that requested the end, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
  /**
   * ID of the request, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly requestId?: string;
}

/**
 * Lists and ends the sessions of users and API keys.
 *
 * Every method rejects with TypeError if an argument is malformed, and with TemporarilyUnavailableError if a store is
 * unavailable. A failed `end()` or `endAll()` may have ended some of the sessions. Retry the call to end the rest.
 */
export interface Sessions {
  /** List one page of the active sessions of an API key, or of one of its subjects. */
  list(query: SessionQuery): Promise<SessionPage>;
  /**
   * End a session and revoke its access tokens. It accepts a session from `list()`. Without `subject`, it ends the
   * sessions of all subjects that have this session ID.
   *
   * @returns `false` if the session is unknown or has already ended. In that case, nothing changes.
   */
  end(session: SessionEnd): Promise<boolean>;
  /**
   * End all sessions of a subject and revoke all its access tokens, including tokens without a session. Without
   * `subject`, it ends all sessions of the API key. A session that begins while the call is pending may also end.
   *
   * With `keep`, the other sessions end one at a time. Access tokens without a session then remain valid until they
   * expire.
   *
   * @returns the number of refresh-token families that ended
   */
  endAll(owner: AllSessionsEnd): Promise<number>;
}
