import type { NumericDate } from '../../base/clock.js';
import { readPages } from '../../sessions/end-sessions.js';
import type { FamilyState, FamilyStore } from '../../stores/family-store.js';

/**
 * Find the last use of all sessions of a person at one client. The directory found the person then.
 *
 * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable
 */
export async function findLastUse(
  families: FamilyStore,
  { clientId, subject }: Pick<FamilyState, 'clientId' | 'subject'>,
): Promise<NumericDate> {
  const group = { kind: 'subject', clientId, subject } as const;
  let last = 0;
  for await (const page of readPages(families, { group, isMeant: () => true })) {
    for (const { state } of page) last = Math.max(last, state.lastUsedAt);
  }
  return last;
}
