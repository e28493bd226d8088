import type { NumericDate } from '../../base/clock.js';
import type { FamilyStore, StoredFamily } from '../../stores/family-store.js';

/**
 * Store the time at which the person of a family was first absent. An earlier time remains. If a concurrent update of the
 * family wins, the next check stores the time.
 */
export async function noteAbsence(
  families: FamilyStore,
  family: StoredFamily,
  now: NumericDate,
): Promise<void> {
  const { absentSince } = family.state;
  if (absentSince !== undefined && absentSince <= now) return;
  await families.replace({ ...family, state: { ...family.state, absentSince: now } });
}
