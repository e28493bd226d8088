import { auditOrigin } from '../audit/audit-origin.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import {
  assertMethod,
  assertNumber,
  assertObject,
  assertOptions,
  assertString,
  type KnownOptions,
} from '../base/options.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import { MAX_PAGE } from '../stores/family-index.js';
import type { FamilyState } from '../stores/family-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { chooseSession, endSession, endSessions, isStorable, readPages } from './end-sessions.js';
import {
  assertSessionId,
  describeSession,
  groupOf,
  resolveOwner,
  type Session,
  type SessionOwner,
} from './session.js';

/** Options of `createSessions()`. */
export interface SessionsOptions {
  /** Stores, usually shared with `tokenRouter()`. Only `families` is required. */
  readonly stores: Pick<Stores, 'families'>;
  /**
   * Revocations, shared with `authenticate()` and `tokenRouter()`. They receive the revocation of the access tokens
   * when a session ends.
   */
  readonly revocations: Revocations;
  /**
   * Audit trail that records the end of each session.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Clock for the time of revocations.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

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

const KNOWN: KnownOptions<SessionsOptions> = { stores: true, revocations: true, audit: true, clock: true };

/** Known members of an owner. If a misspelt `subject` were ignored, the sessions of all users would be selected. */
const OWNER: KnownOptions<SessionOwner> = { clientId: true, subject: true };
const QUERY: KnownOptions<SessionQuery> = { ...OWNER, limit: true, after: true };
const ALL: KnownOptions<AllSessionsEnd> = {
  ...OWNER,
  keep: true,
  requestedBy: true,
  ip: true,
  requestId: true,
};
const ONE: KnownOptions<SessionEnd & Session> = {
  ...{ ...OWNER, sessionId: true, requestedBy: true, ip: true, requestId: true },
  ...{ deviceId: true, audience: true, scope: true, createdAt: true, lastUsedAt: true, expiresAt: true },
};

const DEFAULT_LIMIT = 100;

const NO_REVOCATIONS =
  'createSessions: revocations must be a Revocations object: pass the result of createRevocations({ stores })';

/**
 * Create the object that lists and ends the sessions of users and API keys.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * const sessions = createSessions({ stores, revocations });
 * await sessions.endAll({ clientId: 'demo', subject: 'alice' });
 */
export function createSessions(options: SessionsOptions): Sessions {
  assertOptions(options, KNOWN, 'createSessions');
  const { revocations, audit = noAuditTrail, clock = systemClock } = options;
  const store = requireStore(options.stores, 'families', 'createSessions');
  assertMethod(revocations, 'revoke', NO_REVOCATIONS);
  assertAuditTrail(audit, 'createSessions');
  const parts = { store, revocations, audit, clock };

  return Object.freeze({
    async list(query: SessionQuery) {
      assertOptions(query, QUERY, 'sessions.list');
      const { limit = DEFAULT_LIMIT, after } = query;
      const group = groupOf(resolveOwner(query, 'sessions.list'));
      if (!isStorable(group)) return { sessions: [] };
      assertNumber(limit, 'sessions.list', 'limit', {
        isInteger: true,
        from: 1,
        to: MAX_PAGE,
        example: DEFAULT_LIMIT,
      });
      const page = { limit, ...(after === undefined ? {} : { after }) };
      const { families, ...next } = await store.list(group, page);
      const live = families.filter(({ state }) => !revocations.isFamilyRevoked(state)).map(describeSession);
      return { sessions: live.sort((one, other) => other.lastUsedAt - one.lastUsedAt), ...next };
    },

    async end(session: SessionEnd) {
      assertOptions(session, ONE, 'sessions.end');
      const { requestedBy } = session;
      for await (const page of readPages(store, chooseSession(session).families)) {
        if (page.length === 0) continue;
        await endSession(parts, session, { requestedBy, origin: auditOrigin(session) });
        return true;
      }
      return false;
    },

    async endAll(owner: AllSessionsEnd) {
      assertOptions(owner, ALL, 'sessions.endAll');
      const { keep, requestedBy } = owner;
      const origin = auditOrigin(owner);
      const group = groupOf(resolveOwner(owner, 'sessions.endAll'));
      if (keep === undefined) {
        return endSessions(parts, {
          target: group,
          families: { group, isMeant: () => true },
          requestedBy,
          origin,
        });
      }
      const others = { group, isMeant: matcherOfOthers(keep) };
      let total = 0;
      for await (const page of readPages(store, others)) {
        const sessions = new Map(page.map(({ state }) => [nameOfSession(state), state]));
        for (const state of sessions.values()) {
          total += await endSession(parts, state, { requestedBy, origin });
        }
      }
      return total;
    },
  });
}

/** Return a key that is unique per session. Several families can belong to one session, which must end only once. */
function nameOfSession({ subject, sessionId }: FamilyState): string {
  return JSON.stringify([subject, sessionId]);
}

function matcherOfOthers(keep: Pick<Session, 'subject' | 'sessionId'>) {
  assertObject(keep, 'sessions.endAll: keep', '{ subject: "alice", sessionId }');
  const { subject, sessionId } = keep;
  assertString(subject, 'sessions.endAll', 'keep.subject', 'alice');
  assertSessionId(sessionId, 'sessions.endAll', 'keep.sessionId');
  return (state: FamilyState): boolean => state.subject !== subject || state.sessionId !== sessionId;
}
