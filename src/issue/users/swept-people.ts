import { noAuditTrail } from '../../audit/record.js';
import type { Clock } from '../../base/clock.js';
import type { Directory } from '../../directory/directory.js';
import { createPeople } from '../../directory/people.js';
import { isFinal } from './is-final.js';

/** Answer of the directory about a person. `ended` if the account is disabled or expired, `failed` if there was no answer. */
export type SweptState = 'present' | 'ended' | 'absent' | 'failed';

/** People of one directory in a sweep. */
export interface SweptPeople {
  /** Look up a person without the cache. Each person is looked up once, and none after an outage has begun. */
  find(id: string): Promise<SweptState>;
  /** Number of people with this state. */
  count(state: SweptState): number;
  /** Error of the lookup during which the directory became unavailable. */
  outage(): unknown;
}

/** Create the people of one directory for one sweep. */
export function createSweptPeople(source: string, directory: Directory, clock: Clock): SweptPeople {
  const people = createPeople({ source, directory, audit: noAuditTrail, clock });
  const states = new Map<string, Promise<SweptState>>();
  const counts = { present: 0, ended: 0, absent: 0, failed: 0 };
  let outage: unknown;

  const ask = async (id: string): Promise<SweptState> => {
    if (outage !== undefined) return 'failed';
    try {
      const person = await people.byId(id, { isUncached: true });
      if (person === undefined) return 'absent';
      return isFinal(person.state) ? 'ended' : 'present';
    } catch (error) {
      // One entry can be unusable. The lookups of other people continue.
      if (!isReady(directory)) outage = error;
      return 'failed';
    }
  };

  const askAndCount = async (id: string): Promise<SweptState> => {
    const state = await ask(id);
    counts[state] += 1;
    return state;
  };

  return {
    find(id) {
      const known = states.get(id);
      if (known !== undefined) return known;
      const state = askAndCount(id);
      states.set(id, state);
      return state;
    },
    count: (state) => counts[state],
    outage: () => outage,
  };
}

/** A faulty implementation counts as unavailable. */
function isReady(directory: Directory): boolean {
  try {
    return directory.isReady() === true;
  } catch {
    return false;
  }
}
