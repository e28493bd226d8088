import type { NumericDate } from '../../base/clock.js';
import type { FamilyStore, StoredFamily } from '../../stores/family-store.js';
import { CONFIRMED_SECONDS } from './is-absence-confirmable.js';

/**
 * Store the time at which the person of a family was first absent. A time that is too recent for a confirmation remains. An
 * older time confirmed nothing, so the absence begins again. If a concurrent update of the family wins, the next check stores
 * the time.
 */
export async function noteAbsence(
  families: FamilyStore,
  family: StoredFamily,
  now: NumericDate,
): Promise<void> {
  const { absentSince } = family.state;
  if (absentSince !== undefined && absentSince <= now && now - absentSince < CONFIRMED_SECONDS) return;
  await families.replace({ ...family, state: { ...family.state, absentSince: now } });
}
