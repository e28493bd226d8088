import type { AuditOrigin } from '../audit/audit-origin.js';
import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import type { RevocationReach, Revocations } from '../revocation/revocations-contract.js';
import { nameOf } from '../stores/family-index.js';
import type { FamilyGroup, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';
import { endFamily } from './end-family.js';
import { type EndTarget, markEnd } from './end-marks.js';
import { assertSessionId, resolveOwner, type Session, type SessionOwner } from './session.js';

export interface SessionEndParts {
  readonly store: FamilyStore;
  /** Revocations for the access tokens. If `undefined`, only the families end. */
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Selection of families from one group. */
export interface ChosenFamilies {
  readonly group: FamilyGroup;
  /** Whether a family of the group is selected. */
  isMeant(state: FamilyState): boolean;
}

/** Sessions to end: the revocation target of their access tokens, and the selection of their families. */
export interface EndedSessions {
  readonly target: EndTarget;
  readonly families: ChosenFamilies;
}

/** Client that requested the end of sessions, and its request. */
export interface EndRequest {
  readonly requestedBy: string | undefined;
  readonly origin: AuditOrigin;
}

/** Sessions to end, and the client that requested their end. */
export interface Ending extends EndedSessions, EndRequest {}

/** Session of one subject. Without `subject`, all sessions of the API key that have this ID. */
export type NamedSession = SessionOwner & Pick<Session, 'sessionId'>;

/** Maximum number of families that are read and ended concurrently. */
const PAGE = 100;

/** Maximum length of an identity in a family, in characters. */
export const MAX_IDENTITY_LENGTH = 200;

/**
 * End sessions in an order that is safe if the process crashes between two steps:
 *
 * 1. Revoke the access tokens issued up to the current second. The revocation is kept for the lifetime of access
 *    tokens.
 * 2. Store a mark, which families that are being inserted detect. Replace each listed family with a tombstone, which
 *    rejects concurrent uses. If a use wins against the tombstone within the same second, the revocation covers its
 *    access token.
 * 3. If the second has changed since step 1, repeat both steps.
 *
 * @returns the number of ended families
 * @throws TemporarilyUnavailableError (as rejection) if a store is unavailable
 */
export async function endSessions(parts: SessionEndParts, ending: Ending): Promise<number> {
  const revokedAt = parts.clock();
  const total = await revokeAndEnd(parts, ending);
  if (Math.floor(parts.clock()) <= Math.floor(revokedAt)) return total;
  return total + (await revokeAndEnd(parts, ending));
}

async function revokeAndEnd(parts: SessionEndParts, ending: Ending): Promise<number> {
  await revoke(parts, ending, 'access_tokens');
  try {
    return await endListed(parts, ending);
  } catch (error) {
    // Covers the remaining families until they expire, and access tokens that ended families issued after the first
    // revocation. A retry would miss those tokens, because ended families are no longer listed.
    await revoke(parts, ending, 'all_tokens');
    throw error;
  }
}

async function revoke(parts: SessionEndParts, ending: Ending, reach: RevocationReach): Promise<void> {
  await parts.revocations?.revoke(ending.target, ending.requestedBy, ending.origin, reach);
}

/**
 * Store the mark and end the listed families. The mark must not be older than the revocation. Each family that the
 * revocation covers is then either listed or finds the mark.
 */
async function endListed({ store, audit, clock }: SessionEndParts, ending: Ending): Promise<number> {
  const { target, families, origin } = ending;
  if (isStorable(families.group)) await markEnd(store, target, clock());
  let total = 0;
  for await (const page of readPages(store, families)) {
    await Promise.all(page.map((family) => endFamily({ store, audit }, nameOf(family), origin)));
    total += page.length;
  }
  return total;
}

/**
 * End one session in the same steps as `endSessions()`.
 *
 * @returns the number of ended families
 */
export function endSession(
  parts: SessionEndParts,
  session: NamedSession,
  request: EndRequest,
): Promise<number> {
  return endSessions(parts, { ...chooseSession(session), ...request });
}

/**
 * Select a session by ID and subject, because sessions of different subjects can have the same ID.
 *
 * @throws TypeError if an identity is not a non-empty string
 */
export function chooseSession(session: NamedSession): EndedSessions {
  const owner = resolveOwner(session, 'sessions.end');
  const { clientId, subject } = owner;
  const { sessionId } = session;
  assertSessionId(sessionId, 'sessions.end', 'sessionId');
  return {
    target: { kind: 'session', sessionId, ...owner },
    families: {
      group: { kind: 'session', clientId, sessionId },
      isMeant: (state) => subject === undefined || state.subject === subject,
    },
  };
}

/** Read the selected active families page by page. */
export async function* readPages(
  store: FamilyStore,
  { group, isMeant }: ChosenFamilies,
): AsyncGenerator<readonly StoredFamily[]> {
  if (!isStorable(group)) return;
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await store.list(group, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield page.families.filter(({ state }) => isMeant(state));
    after = page.next;
    isLast = after === undefined;
  }
}

/** Whether a store can contain families with these identities. Identities in a request can be too long or malformed. */
export function isStorable(group: FamilyGroup): boolean {
  return Object.values(group).every((part) => part.length <= MAX_IDENTITY_LENGTH && part.isWellFormed());
}
