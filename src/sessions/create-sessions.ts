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
import type { AllSessionsEnd, SessionEnd, SessionQuery, Sessions } from './sessions-contract.js';

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
