import type { PersonState } from '../../directory/directory.js';

/** Whether a state lasts until an administrator acts. Sessions end only in such a state. */
export function isFinal(state: PersonState): boolean {
  return state === 'disabled' || state === 'expired';
}
