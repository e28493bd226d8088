import { LRUCache } from 'lru-cache';
import type { Clock, NumericDate } from '../../base/clock.js';
import type { PersonReference } from '../../stores/family-store.js';

/** Answers of directories about the people of recent refreshes, in this process. */
export interface RecentAbsences {
  /** Record whether a directory found a person. */
  note(person: PersonReference, isAbsent: boolean): void;
  /**
   * Whether more than three people and 5 % of a directory are absent. Its answers are then considered incomplete, for example
   * after the loss of a right.
   */
  areWidespread(directory: string): boolean;
}

/** Time in seconds for which an answer is recent: as long as an absence can be confirmed. */
const RECENT_SECONDS = 1800;

/** Number of absent people that is not considered an incomplete answer. */
const FEW_PEOPLE = 3;

/** Share of absent people from which a directory is considered incomplete, as in sweeps. */
const MAX_ABSENT = 0.05;

const MAX_PEOPLE = 10_000;

interface RecentAnswer {
  readonly directory: string;
  readonly isAbsent: boolean;
  readonly at: NumericDate;
}

/** Create the counter of recent absences. */
export function createRecentAbsences(clock: Clock): RecentAbsences {
  const answers = new LRUCache<string, RecentAnswer>({ max: MAX_PEOPLE });
  return {
    note({ directory, id }, isAbsent) {
      answers.set(`${directory}:${id}`, { directory, isAbsent, at: clock() });
    },
    areWidespread(directory) {
      const since = clock() - RECENT_SECONDS;
      const recent = [...answers.values()].filter((each) => each.directory === directory && each.at > since);
      const absent = recent.filter(({ isAbsent }) => isAbsent).length;
      return absent > FEW_PEOPLE && absent >= recent.length * MAX_ABSENT;
    },
  };
}
