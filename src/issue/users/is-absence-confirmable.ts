import type { NumericDate } from '../../base/clock.js';

/** Time in seconds after which a second lookup confirms an absence. Lagging replicas and lost rights look like absence. */
const CONFIRMED_SECONDS = 300;

/** Whether a person has been absent long enough, so that another uncached lookup confirms the absence. */
export function isAbsenceConfirmable(absentSince: NumericDate | undefined, now: NumericDate): boolean {
  return absentSince !== undefined && now - absentSince >= CONFIRMED_SECONDS;
}
