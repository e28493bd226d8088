import type { NumericDate } from '../../base/clock.js';

/** Time in seconds after which a second lookup confirms an absence. Lagging replicas and lost rights look like absence. */
export const CONFIRMED_SECONDS = 300;

/** Check that finds a person absent again. */
type AbsenceCheck = 'refresh' | 'sweep';

/**
 * Maximum age in seconds of an absence that a check confirms. Two short absences far apart confirm nothing. Sweeps run at
 * least daily, and find the people who are present in between.
 */
const MAX_SECONDS: Readonly<Record<AbsenceCheck, number>> = { refresh: 30 * 60, sweep: 26 * 3600 };

/** Whether a person has been absent long enough, and not too long, so that another uncached lookup confirms the absence. */
export function isAbsenceConfirmable(
  absentSince: NumericDate | undefined,
  now: NumericDate,
  check: AbsenceCheck,
): absentSince is NumericDate {
  if (absentSince === undefined) return false;
  const age = now - absentSince;
  return age >= CONFIRMED_SECONDS && age <= MAX_SECONDS[check];
}
