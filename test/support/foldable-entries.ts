import type { RevocationEntry, RevocationStore } from '../../src/stores/revocation-store.js';
import { NOW } from './tokens.js';

export const OF_KEY = 'access of demo';

export function ofSubject(subject: string): string {
  return `access of ${subject}`;
}

/** An end of a session, as `createSessions` adds it. */
export function sessionEnd(
  name: string,
  subject: string,
  issuedUpTo: number,
  expiresAt = NOW + 600,
): RevocationEntry {
  const fold = { into: [ofSubject(subject), OF_KEY], issuedUpTo };
  return { name, issuedUpTo, expiresAt, owner: 'demo', fold };
}

/** So many ends of sessions, a second each, of subjects that take turns. */
export function sessionEnds(count: number, subjects: number): readonly RevocationEntry[] {
  return Array.from({ length: count }, (_, index) =>
    sessionEnd(`session ${index}`, `user ${index % subjects}`, NOW - count + index),
  );
}

/** Whether a store still revokes all that an entry does, by the entry itself or by a wider one. */
export function isInForce(store: RevocationStore, { name, fold, ...entry }: RevocationEntry): boolean {
  const { issuedUpTo, expiresAt } = entry;
  return [name, ...(fold?.into ?? [])].some((found) => {
    const present = store.find(found);
    if (present === undefined || present.expiresAt < expiresAt) return false;
    const needed = found === name ? issuedUpTo : fold?.issuedUpTo;
    return present.issuedUpTo === undefined || (needed !== undefined && present.issuedUpTo >= needed);
  });
}
