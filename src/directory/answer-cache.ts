import { LRUCache } from 'lru-cache';
import type { Clock, NumericDate } from '../base/clock.js';
import type { Person } from './check-person.js';

/** Answer of a directory about one person. */
export interface Answer {
  /** `undefined` if the person is absent. */
  readonly person: Person | undefined;
  /** Start of the lookup. */
  readonly at: NumericDate;
  /** Number of the lookup, in the order of their starts. */
  readonly serial: number;
}

/** Bounded cache of the answers of one directory. */
export interface AnswerCache {
  /** Return an answer that is recent: at most 60 seconds old about a person, and 5 seconds about absence. */
  recent(key: string): Answer | undefined;
  /** Return an answer with a maximum age in seconds. */
  within(key: string, seconds: number): Answer | undefined;
  /**
   * Begin a lookup.
   *
   * @returns a function that stores the answer. Answers to lookups that started later remain.
   */
  begin(): (keys: readonly string[], person: Person | undefined) => void;
}

/** Lifetime of cached people in seconds. A change in the directory takes effect after this time at the latest. */
const PERSON_SECONDS = 60;

/** Lifetime of cached absence in seconds. */
const ABSENCE_SECONDS = 5;

const MAX_PEOPLE = 10_000;

/** Absence is separate, because clients can request any number of names that no person has. */
const MAX_ABSENCES = 1000;

/** Maximum total of cached characters. People in thousands of groups would otherwise fill the memory. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Create an empty cache. */
export function createAnswerCache(clock: Clock): AnswerCache {
  const people = new LRUCache<string, Answer>({
    max: MAX_PEOPLE,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: sizeOf,
  });
  const absences = new LRUCache<string, Answer>({ max: MAX_ABSENCES });
  let lookups = 0;

  const find = (key: string): Answer | undefined => people.get(key) ?? absences.get(key);

  const isWithin = ({ at }: Answer, seconds: number): boolean => {
    const age = clock() - at;
    return age >= 0 && age < seconds;
  };

  const store = (key: string, answer: Answer): void => {
    if ((find(key)?.serial ?? 0) > answer.serial) return;
    const [current, previous] = answer.person === undefined ? [absences, people] : [people, absences];
    previous.delete(key);
    current.set(key, answer);
  };

  return {
    recent(key) {
      const answer = find(key);
      if (answer === undefined) return undefined;
      return isWithin(answer, answer.person === undefined ? ABSENCE_SECONDS : PERSON_SECONDS)
        ? answer
        : undefined;
    },

    within(key, seconds) {
      const answer = find(key);
      return answer !== undefined && isWithin(answer, seconds) ? answer : undefined;
    },

    begin() {
      lookups += 1;
      const started = { at: clock(), serial: lookups };
      return (keys, person) => {
        for (const key of keys) store(key, { person, ...started });
      };
    },
  };
}

function sizeOf({ person }: Answer, key: string): number {
  const names = person === undefined ? [] : [person.id, person.subject, ...person.groups];
  const claims = person === undefined ? 0 : JSON.stringify(person.claims).length;
  return names.reduce((total, name) => total + name.length, key.length + claims);
}
