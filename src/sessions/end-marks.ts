import { createHash } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { type Revocable, revocationName, revocationNames } from '../revocation/revocable.js';
import type { FamilyState, FamilyStore } from '../stores/family-store.js';
import { lostRaces, MAX_ATTEMPTS } from './end-family.js';

/** Lifetime of a mark in seconds. Inserting a family never takes this long. */
const KEPT_SECONDS = 3600;

/** A revocation target that ends sessions. */
export type EndTarget = Exclude<Revocable, { readonly kind: 'token' | 'kid' }>;

/**
 * Store a mark that ends the families which are being inserted. A family inserted before the mark is listed and ended.
 * A family inserted after the mark finds it.
 *
 * @param now cut-off: the mark ends families that began in or before this second
 * @throws TemporarilyUnavailableError (as rejection) if concurrent updates won all attempts
 */
export async function markEnd(store: FamilyStore, target: EndTarget, now: NumericDate): Promise<void> {
  const { clientId } = target;
  const name = { clientId, id: idOf(revocationName(target)) };
  const state: FamilyState = {
    ...{ clientId, subject: '', sessionId: '', subjectAsserted: false, sessionChosen: false },
    ...{ audience: '', scope: '', current: '', ended: 'revoked' },
    ...{ createdAt: now, lastUsedAt: now, endsAt: now },
  };
  const expiresAt = now + KEPT_SECONDS;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await store.insert({ id: name.id, state, expiresAt })) return;
    const present = await store.find(name);
    if (present === undefined) continue;
    const createdAt = Math.max(now, present.state.createdAt);
    const later = { ...state, createdAt };
    const keptUntil = Math.max(expiresAt, present.expiresAt);
    if (await store.replace({ ...present, state: later, expiresAt: keptUntil })) return;
  }
  throw lostRaces();
}

/** Whether the session of a newly inserted family has ended since the family began. */
export async function wasEndedMeanwhile(store: FamilyStore, state: FamilyState): Promise<boolean> {
  const { clientId, subject, sessionId, createdAt } = state;
  const names = revocationNames();
  const ids = [
    names.apiKey(clientId),
    names.subject(clientId, subject),
    names.session(clientId, sessionId),
    names.session(clientId, sessionId, subject),
  ].map(idOf);
  const marks = await Promise.all(ids.map((id) => store.find({ clientId, id })));
  return marks.some(
    (mark) => mark !== undefined && Math.floor(createdAt) <= Math.floor(mark.state.createdAt),
  );
}

/** Return the ID of a mark. Its prefix prevents collisions with family IDs, which are UUIDs. */
function idOf(name: string): string {
  return `end:${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}
