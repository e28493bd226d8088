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
  /** Default: there are none, and only the families end. */
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Families of one group. */
export interface ChosenFamilies {
  readonly group: FamilyGroup;
  /** Which of them. */
  isMeant(state: FamilyState): boolean;
}

/** The revocation that covers the access tokens, and the families. */
export interface EndedSessions {
  readonly target: EndTarget;
  readonly families: ChosenFamilies;
}

/** On whose account the revocation is kept, and from where it was asked for. */
export interface EndRequest {
  readonly requestedBy: string | undefined;
  readonly ip: string | undefined;
}

/** Everything that ends, and who asked for it. */
export interface Ending extends EndedSessions, EndRequest {}

/** A session of one subject; without `subject`, the sessions of that ID of every subject of the API key. */
export type NamedSession = SessionOwner & Pick<Session, 'sessionId'>;

/** Families that are read, and ended, at once. */
const PAGE = 100;

/** Longest identity that a family has, in characters. */
const MAX_IDENTITY_LENGTH = 200;

/**
 * Ends sessions. First what is issued in them is revoked: should the process end half-way, nothing lives on that is
 * listed no more. The revocation is kept for the lifetime of access tokens, as the families end by themselves: each that
 * is listed gets a tombstone, by which uses lose that had passed the check before, and each that is just beginning finds
 * the mark. A use that won was asked for before the tombstone, so that its access token is covered by the cut-off; where
 * the second has changed meanwhile, by another one, and families that began before that one end too.
 * @returns how many families there were.
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
    // Families that are not ended stay revoked for their lifetime. Those that are ended are listed no more, so that a
    // retry may find nothing: this cut-off also covers what was issued in them since the first.
    await revoke(parts, ending, 'all_tokens');
    throw error;
  }
}

async function revoke(parts: SessionEndParts, ending: Ending, reach: RevocationReach): Promise<void> {
  await parts.revocations?.revoke(ending.target, ending.requestedBy, ending.ip, reach);
}

/** The mark is no earlier than the cut-off before it: a family that this covers is listed, or finds the mark. */
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

/** Ends one session by the steps of `endSessions`, whoever asks for it. @returns how many families it had. */
export function endSession(
  parts: SessionEndParts,
  session: NamedSession,
  request: EndRequest,
): Promise<number> {
  return endSessions(parts, { ...chooseSession(session), ...request });
}

/** Clients may give several subjects the same session ID; these are several sessions. */
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

/** The live families that are meant, some at a time. */
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

/** Whether stores can have families of these identities at all; those of a request may be anything. */
export function isStorable(group: FamilyGroup): boolean {
  return Object.values(group).every((part) => part.length <= MAX_IDENTITY_LENGTH && part.isWellFormed());
}
