import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import type { RevocationReach, Revocations } from '../revocation/revocations.js';
import { nameOf } from '../stores/family-index.js';
import type { FamilyGroup, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';
import { endFamily } from './end-family.js';
import { type EndTarget, markEnd } from './end-marks.js';
import { assertIdentity, resolveOwner, type Session, type SessionOwner } from './session.js';

export interface SessionEndParts {
  readonly store: FamilyStore;
  /** `undefined` ends the families only. */
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Selected families of one group. */
export interface ChosenFamilies {
  readonly group: FamilyGroup;
  /** Selects families of the group. */
  isMeant(state: FamilyState): boolean;
}

/** The sessions to end: the revocation of their access tokens, and their families. */
export interface EndedSessions {
  readonly target: EndTarget;
  readonly families: ChosenFamilies;
}

/** The client that requested the end, and its address. */
export interface EndRequest {
  readonly requestedBy: string | undefined;
  readonly ip: string | undefined;
}

/** The sessions to end, and the client that requested it. */
export interface Ending extends EndedSessions, EndRequest {}

/** A session of one subject. Without `subject`: the sessions with this ID of all subjects of the API key. */
export type NamedSession = SessionOwner & Pick<Session, 'sessionId'>;

/** Number of families that are read and ended at once. */
const PAGE = 100;

/** Maximum length of an identity in a family, in characters. */
const MAX_IDENTITY_LENGTH = 200;

/**
 * Ends sessions, in an order that stays safe if the process crashes in between:
 *
 * 1. Revoke the access tokens up to the current second. The revocation is kept for the lifetime of access tokens.
 * 2. Store a mark, for families that are being inserted, and a tombstone for each listed family. Concurrent uses lose
 *    against the tombstone. The cut-off covers the access token of a use that won, unless a second has passed.
 * 3. If a second has passed, repeat both steps with a new cut-off.
 *
 * @returns the number of ended families
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
    // Families without a tombstone stay revoked for their lifetime. Ended families are no longer listed, so a retry may
    // find nothing: this second cut-off covers the tokens that were issued in them after the first.
    await revoke(parts, ending, 'all_tokens');
    throw error;
  }
}

async function revoke(parts: SessionEndParts, ending: Ending, reach: RevocationReach): Promise<void> {
  await parts.revocations?.revoke(ending.target, ending.requestedBy, ending.ip, reach);
}

/** The mark is not older than the cut-off: a family that the cut-off covers is either listed or finds the mark. */
async function endListed({ store, audit, clock }: SessionEndParts, ending: Ending): Promise<number> {
  const { target, families, ip } = ending;
  if (isStorable(families.group)) await markEnd(store, target, clock());
  let total = 0;
  for await (const page of readPages(store, families)) {
    await Promise.all(page.map((family) => endFamily({ store, audit }, nameOf(family), ip)));
    total += page.length;
  }
  return total;
}

/** Ends one session by the steps of `endSessions`. Returns the number of ended families. */
export function endSession(
  parts: SessionEndParts,
  session: NamedSession,
  request: EndRequest,
): Promise<number> {
  return endSessions(parts, { ...chooseSession(session), ...request });
}

/** Selects a session by ID and subject: sessions of several subjects can have the same ID. */
export function chooseSession(session: NamedSession): EndedSessions {
  const owner = resolveOwner(session);
  const { clientId, subject } = owner;
  const { sessionId } = session;
  assertIdentity(sessionId, 'sessionId');
  return {
    target: { kind: 'session', sessionId, ...owner },
    families: {
      group: { kind: 'session', clientId, sessionId },
      isMeant: (state) => subject === undefined || state.subject === subject,
    },
  };
}

/** Reads the selected live families, page by page. */
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

/** Whether a store can contain families with these identities. Identities in a request are arbitrary strings. */
export function isStorable(group: FamilyGroup): boolean {
  return Object.values(group).every((part) => part.length <= MAX_IDENTITY_LENGTH && part.isWellFormed());
}
