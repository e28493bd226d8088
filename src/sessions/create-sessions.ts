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

export interface SessionsOptions {
  /** Stores of a driver, of which `families` is used: the same that `tokenRouter` is given. */
  readonly stores: Pick<Stores, 'families'>;
  /** By which access tokens are refused: the same that `authenticate` and `tokenRouter` are given. */
  readonly revocations: Revocations;
  /** Where the end of sessions is put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

export interface SessionQuery extends SessionOwner {
  /** Most sessions on a page, 1 to 1000. Default 100. */
  readonly limit?: number;
  /** `next` of the page before. Default: the first page is asked for. */
  readonly after?: string;
}

export interface SessionPage {
  /** The one that was used last comes first. May be fewer than were asked for, or none, though there is a next page. */
  readonly sessions: readonly Session[];
  /** What `after` wants to be for the next page; none after the last one. */
  readonly next?: string;
}

export interface SessionEnd extends SessionOwner {
  readonly sessionId: string;
  /** `key_id` on whose account the revocation is kept, as for `revoke` of `Revocations`. Default: on nobody's. */
  readonly requestedBy?: string;
  /** Address of who asked for it, for the audit trail. Default: it stays unknown. */
  readonly ip?: string;
}

export interface AllSessionsEnd extends SessionOwner {
  /** A session that stays. Default: none does. */
  readonly keep?: Pick<Session, 'subject' | 'sessionId'>;
  /** As for one session. */
  readonly requestedBy?: string;
  /** As for one session. */
  readonly ip?: string;
}

/**
 * The sessions of users and API keys. Every method rejects with TypeError for an identity that is none, and with
 * TemporarilyUnavailableError while a store is away: an end may then be half done, and asking again completes it.
 */
export interface Sessions {
  /** A page of the live sessions of an API key, or of one subject of it. */
  list(query: SessionQuery): Promise<SessionPage>;
  /**
   * Ends a session and the access tokens in it; without `subject`, whoever's it is. One that `list` showed can be
   * given as it is.
   * @returns whether there was one. Where it is unknown, or over, nothing is done.
   */
  end(session: SessionEnd): Promise<boolean>;
  /**
   * Ends all sessions of a subject, and every access token that it has, in a session or not; without `subject` the
   * same for the whole API key. What begins before the promise resolves may be ended too.
   * With `keep` the others are ended one by one, and access tokens that belong to no session live until they expire.
   * @returns how many there were.
   */
  endAll(owner: AllSessionsEnd): Promise<number>;
}

const KNOWN: KnownOptions<SessionsOptions> = { stores: true, revocations: true, audit: true, clock: true };

/** A member that is misspelt could turn the sessions of one user into those of all. */
const OWNER: KnownOptions<SessionOwner> = { clientId: true, subject: true };
const QUERY: KnownOptions<SessionQuery> = { ...OWNER, limit: true, after: true };
const ALL: KnownOptions<AllSessionsEnd> = { ...OWNER, keep: true, requestedBy: true, ip: true };
const ONE: KnownOptions<SessionEnd & Session> = {
  ...{ ...OWNER, sessionId: true, requestedBy: true, ip: true, deviceId: true, audience: true, scope: true },
  ...{ createdAt: true, lastUsedAt: true, expiresAt: true },
};

const DEFAULT_LIMIT = 100;

/**
 * Creates the sessions of users and API keys, to list and end them.
 * @throws TypeError for an option that is missing or makes no sense.
 *
 * @example
 * const sessions = createSessions({ stores, revocations });
 * await sessions.endAll({ clientId: 'demo', subject: 'alice' });
 */
export function createSessions(options: SessionsOptions): Sessions {
  assertOptions(options, KNOWN, 'createSessions');
  const { revocations, audit = noAuditTrail, clock = systemClock } = options;
  const store = requireStore(options.stores, 'families', 'createSessions');
  assertMethod(revocations, 'revoke', 'revocations must be Revocations: createRevocations({ stores })');
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

/** Several families may belong to one session, which ends once. */
function nameOfSession({ subject, sessionId }: FamilyState): string {
  return JSON.stringify([subject, sessionId]);
}

function matcherOfOthers({ subject, sessionId }: Pick<Session, 'subject' | 'sessionId'>) {
  assertIdentity(subject, 'keep.subject');
  assertIdentity(sessionId, 'keep.sessionId');
  return (state: FamilyState): boolean => state.subject !== subject || state.sessionId !== sessionId;
}
