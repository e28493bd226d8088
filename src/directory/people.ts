import { hash } from 'node:crypto';
import { messageOf } from '../base/message-of.js';
import { createAnswerCache } from './answer-cache.js';
import { checkPerson, type Person } from './check-person.js';
import type { Directory } from './directory.js';
import { LookupError } from './lookup-error.js';
import { createLookupSlots } from './lookup-slots.js';
import { createOutageMemory, type OutageMemoryParts } from './outage-memory.js';

export interface PeopleParts extends OutageMemoryParts {
  readonly directory: Pick<Directory, 'findByName' | 'findById' | 'isReady'>;
}

/** Client for which a person is found. */
export interface LookupClient {
  /**
   * API key whose concurrent lookups are bounded.
   *
   * @default undefined (no bound)
   */
  readonly clientId?: string;
}

/** How `byId()` finds a person. */
export interface LookupTerms extends LookupClient {
  /**
   * Maximum age in seconds of an answer about an active person that is used during an outage.
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
   * @throws TemporarilyUnavailableError (as rejection) if the directory is unreachable, its answer is malformed, or the client
   *   has too many lookups
   */
  byName(name: string, client?: LookupClient): Promise<Person | undefined>;
  /**
   * Find a person by the immutable ID.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the directory is unreachable, its answer is malformed, or the client
   *   has too many lookups
   */
  byId(id: string, terms?: LookupTerms): Promise<Person | undefined>;
}

/** Lookup of one person. */
interface Question extends LookupClient {
  readonly question: () => Promise<unknown>;
  /** Requested ID. */
  readonly id?: string;
}

/** Create the people of one directory. Concurrent lookups of one person are one lookup. */
export function createPeople(parts: PeopleParts): People {
  const { source, directory, clock } = parts;
  const outages = createOutageMemory(parts);
  const answers = createAnswerCache(clock);
  const pending = new Map<string, Promise<Person | undefined>>();

  const slots = createLookupSlots();

  const ask = (key: string, { question, id, clientId }: Question): Promise<Person | undefined> => {
    const running = pending.get(key);
    if (running !== undefined) return running;
    const remember = answers.begin();
    const run = () => outages.run(async () => check(source, await question(), id));
    const lookup = (clientId === undefined ? run() : slots.run(clientId, run))
      .then((person) => {
        remember(person === undefined ? [key] : [key, keyOf('id', person.id)], person);
        return person;
      })
      .finally(() => pending.delete(key));
    pending.set(key, lookup);
    return lookup;
  };

  return {
    async byName(name, client) {
      const key = keyOf('name', name);
      const last = answers.recent(key);
      return last === undefined
        ? ask(key, { ...client, question: () => directory.findByName(name) })
        : last.person;
    },

    async byId(id, { staleSeconds = 0, isUncached = false, ...client } = {}) {
      const key = keyOf('id', id);
      const last = isUncached ? undefined : answers.recent(key);
      if (last !== undefined) return last.person;
      try {
        return await ask(key, { ...client, question: () => directory.findById(id), id });
      } catch (error) {
        // An outage must not reject a person, or end sessions.
        const person = outages.isOngoing() ? answers.within(key, staleSeconds)?.person : undefined;
        if (person?.state === 'active') return person;
        throw error;
      }
    },
  };
}

/** Key of an answer. A person can type the password into the field of the name, so the cache contains no names. */
function keyOf(kind: 'name' | 'id', value: string): string {
  return hash('sha256', `${kind}:${value}`, 'base64url');
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
