import { LRUCache } from 'lru-cache';
import type { NumericDate } from '../base/clock.js';
import { messageOf } from '../base/message-of.js';
import { checkPerson, type Person } from './check-person.js';
import type { Directory } from './directory.js';
import { LookupError } from './lookup-error.js';
import { createOutageMemory, type OutageMemoryParts } from './outage-memory.js';

export interface PeopleParts extends OutageMemoryParts {
  readonly directory: Pick<Directory, 'findByName' | 'findById' | 'isReady'>;
}

/** How `byId()` finds a person. */
export interface LookupTerms {
  /**
   * Maximum age in seconds of an answer that is used while the directory is unreachable.
   *
   * @default 0
   */
  readonly staleSeconds?: number;
  /**
   * Whether the directory is asked even if its last answer is recent.
   *
   * @default false
   */
  readonly isUncached?: boolean;
}

/** People of one directory, with a bounded cache of its answers. It contains no passwords. */
export interface People {
  /**
   * Find a person by the sign-in name.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the directory is unreachable, or its answer is malformed
   */
  byName(name: string): Promise<Person | undefined>;
  /**
   * Find a person by the immutable ID.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the directory is unreachable, or its answer is malformed
   */
  byId(id: string, terms?: LookupTerms): Promise<Person | undefined>;
}

/** Lifetime of cached people in seconds. A change in the directory takes effect after this time at the latest. */
const PERSON_SECONDS = 60;

/** Lifetime of cached absence in seconds. */
const ABSENCE_SECONDS = 5;

const MAX_ANSWERS = 10_000;

/** Maximum total of cached characters. People in thousands of groups would otherwise fill the memory. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

interface Answer {
  readonly person: Person | undefined;
  readonly at: NumericDate;
}

/** Create the people of one directory. Concurrent lookups of one person are one lookup. */
export function createPeople(parts: PeopleParts): People {
  const { source, directory, clock } = parts;
  const outages = createOutageMemory(parts);
  const pending = new Map<string, Promise<Person | undefined>>();
  const answers = new LRUCache<string, Answer>({
    max: MAX_ANSWERS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: sizeOf,
  });

  const isWithin = ({ at }: Answer, seconds: number): boolean => {
    const age = clock() - at;
    return age >= 0 && age < seconds;
  };
  const isRecent = (answer: Answer): boolean =>
    isWithin(answer, answer.person === undefined ? ABSENCE_SECONDS : PERSON_SECONDS);

  const remember = (key: string, person: Person | undefined): Person | undefined => {
    const answer = { person, at: clock() };
    answers.set(key, answer);
    if (person !== undefined) answers.set(keyOfId(person.id), answer);
    return person;
  };

  const ask = (key: string, question: () => Promise<unknown>, id?: string): Promise<Person | undefined> => {
    const running = pending.get(key);
    if (running !== undefined) return running;
    const lookup = outages
      .run(async () => check(source, await question(), id))
      .then((person) => remember(key, person))
      .finally(() => pending.delete(key));
    pending.set(key, lookup);
    return lookup;
  };

  return {
    async byName(name) {
      const key = `name:${name}`;
      const last = answers.get(key);
      if (last !== undefined && isRecent(last)) return last.person;
      return ask(key, () => directory.findByName(name));
    },

    async byId(id, { staleSeconds = 0, isUncached = false } = {}) {
      const key = keyOfId(id);
      const last = answers.get(key);
      if (!isUncached && last !== undefined && isRecent(last)) return last.person;
      try {
        return await ask(key, () => directory.findById(id), id);
      } catch (error) {
        // Absence is never stale: an outage must not reject a person.
        if (last?.person !== undefined && isWithin(last, staleSeconds)) return last.person;
        throw error;
      }
    },
  };
}

function keyOfId(id: string): string {
  return `id:${id}`;
}

function sizeOf({ person }: Answer, key: string): number {
  const names = person === undefined ? [] : [person.id, person.subject, ...person.groups];
  const claims = person === undefined ? 0 : JSON.stringify(person.claims).length;
  return names.reduce((total, name) => total + name.length, key.length + claims);
}

/**
 * Check an answer of a directory.
 *
 * @param id requested ID. Servers ignore the case of UUIDs
 * @throws LookupError if the answer breaks the contract of `Directory`
 */
function check(source: string, answer: unknown, id: string | undefined): Person | undefined {
  if (answer === undefined) return undefined;
  const person = checkOrReject(source, answer);
  if (id === undefined || person.id.toLowerCase() === id.toLowerCase()) return person;
  throw new LookupError('malformed', `findById() of the directory ${source} returned a different person`);
}

function checkOrReject(source: string, answer: unknown): Person {
  try {
    return checkPerson(source, answer);
  } catch (cause) {
    throw new LookupError('malformed', messageOf(cause), cause);
  }
}
