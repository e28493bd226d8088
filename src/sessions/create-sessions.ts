import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import type { Revocations } from '../revocation/revocations.js';
import type { FamilyState } from '../stores/family-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { chooseSession, endSession, endSessions, isStorable, readPages } from './end-sessions.js';
import {
  assertIdentity,
  describeSession,
  groupOf,
  resolveOwner,
  type Session,
  type SessionOwner,
} from './session.js';

/** Options of `createSessions()`. */
export interface SessionsOptions {
  /** Stores of a driver, the same as for `tokenRouter`; only `families` is used. */
  readonly stores: Pick<Stores, 'families'>;
  /** Revocations, the same as for `authenticate` and `tokenRouter`. Ended sessions revoke their access tokens. */
  readonly revocations: Revocations;
  /**
   * Receives audit events for ended sessions.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Query of `list()`. */
export interface SessionQuery extends SessionOwner {
  /**
   * Maximum number of sessions on a page, 1 to 1000.
   *
   * @default 100
   */
  readonly limit?: number;
  /**
   * `next` of the previous page.
   *
   * @default undefined (the first page)
   */
  readonly after?: string;
}

/** A page of sessions. */
export interface SessionPage {
  /** Most recently used first. A page can have fewer sessions than `limit`, or none, and still have a `next` page. */
  readonly sessions: readonly Session[];
  /** `after` of the next page; missing on the last page. */
  readonly next?: string;
}

/** A session to end. */
export interface SessionEnd extends SessionOwner {
  readonly sessionId: string;
  /**
   * `key_id` of the client that requested it, as in `revoke` of `Revocations`. The store counts the revocation as one
   * of this API key.
   *
   * @default undefined (no API key)
   */
  readonly requestedBy?: string;
  /**
   * Address of the client that requested it, for the audit log.
   *
   * @default undefined (unknown)
   */
  readonly ip?: string;
}

/** The owner whose sessions end, and a session to keep. */
export interface AllSessionsEnd extends SessionOwner {
  /**
   * A session that does not end.
   *
   * @default undefined (all sessions end)
   */
  readonly keep?: Pick<Session, 'subject' | 'sessionId'>;
  /** As in `SessionEnd`. */
  readonly requestedBy?: string;
  /** As in `SessionEnd`. */
  readonly ip?: string;
}

/**
 * The sessions of users and API keys. Every method rejects with TypeError if an identity is malformed, and with
 * TemporarilyUnavailableError if a store is unavailable. An end may then be incomplete; a retry completes it.
 */
export interface Sessions {
  /** Lists a page of the live sessions of an API key, or of one subject of the key. */
  list(query: SessionQuery): Promise<SessionPage>;
  /**
   * Ends a session and revokes its access tokens. Without `subject`, it ends the sessions with this ID of all subjects.
   * It accepts a session as returned by `list`.
   *
   * @returns `false` if the session is unknown or has already ended; nothing is changed then
   */
  end(session: SessionEnd): Promise<boolean>;
  /**
   * Ends all sessions of a subject and revokes all its access tokens, with or without a session. Without `subject`, it
   * does the same for the whole API key. Sessions that begin before the promise resolves may end too.
   *
   * With `keep`, the other sessions end one by one, and access tokens without a session stay valid until they expire.
   *
   * @returns the number of ended refresh-token families
   */
  endAll(owner: AllSessionsEnd): Promise<number>;
}

const KNOWN: KnownOptions<SessionsOptions> = { stores: true, revocations: true, audit: true, clock: true };

/** All members are checked: a misspelt `subject` would select the sessions of all users. */
const OWNER: KnownOptions<SessionOwner> = { clientId: true, subject: true };
const QUERY: KnownOptions<SessionQuery> = { ...OWNER, limit: true, after: true };
const ALL: KnownOptions<AllSessionsEnd> = { ...OWNER, keep: true, requestedBy: true, ip: true };
const ONE: KnownOptions<SessionEnd & Session> = {
  ...{ ...OWNER, sessionId: true, requestedBy: true, ip: true, deviceId: true, audience: true, scope: true },
  ...{ createdAt: true, lastUsedAt: true, expiresAt: true },
};

const DEFAULT_LIMIT = 100;

const NO_REVOCATIONS = 'createSessions: revocations must be Revocations: createRevocations({ stores })';

/**
 * Creates the sessions of users and API keys, to list and end them.
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
  assertAuditTrail(audit);
  const parts = { store, revocations, audit, clock };

  return Object.freeze({
    async list(query: SessionQuery) {
      assertOptions(query, QUERY, 'list');
      const { limit = DEFAULT_LIMIT, after } = query;
      const group = groupOf(resolveOwner(query));
      if (!isStorable(group)) return { sessions: [] };
      const page = { limit, ...(after === undefined ? {} : { after }) };
      const { families, ...next } = await store.list(group, page);
      const live = families.filter(({ state }) => !revocations.isFamilyRevoked(state)).map(describeSession);
      return { sessions: live.sort((one, other) => other.lastUsedAt - one.lastUsedAt), ...next };
    },

    async end(session: SessionEnd) {
      assertOptions(session, ONE, 'end');
      const { requestedBy, ip } = session;
      for await (const page of readPages(store, chooseSession(session).families)) {
        if (page.length === 0) continue;
        await endSession(parts, session, { requestedBy, ip });
        return true;
      }
      return false;
    },

    async endAll(owner: AllSessionsEnd) {
      assertOptions(owner, ALL, 'endAll');
      const { keep, requestedBy, ip } = owner;
      const group = groupOf(resolveOwner(owner));
      if (keep === undefined) {
        return endSessions(parts, {
          target: group,
          families: { group, isMeant: () => true },
          requestedBy,
          ip,
        });
      }
      const others = { group, isMeant: matcherOfOthers(keep) };
      let total = 0;
      for await (const page of readPages(store, others)) {
        const sessions = new Map(page.map(({ state }) => [nameOfSession(state), state]));
        for (const state of sessions.values()) {
          total += await endSession(parts, state, { requestedBy, ip });
        }
      }
      return total;
    },
  });
}

/** Identifies a session: several families may belong to it, but it ends once. */
function nameOfSession({ subject, sessionId }: FamilyState): string {
  return JSON.stringify([subject, sessionId]);
}

function matcherOfOthers({ subject, sessionId }: Pick<Session, 'subject' | 'sessionId'>) {
  assertIdentity(subject, 'keep.subject');
  assertIdentity(sessionId, 'keep.sessionId');
  return (state: FamilyState): boolean => state.subject !== subject || state.sessionId !== sessionId;
}
