import { TemporarilyUnavailableError } from 'passport-jwe';
import type { Directory, DirectoryPerson } from 'passport-jwe/ldap';

/** A directory in memory, whose people and availability a test changes. */
export interface FakeDirectory extends Directory {
  /** Requests that the directory received, such as `name:alice`. */
  readonly lookups: readonly string[];
  /** Add or replace a person by ID. */
  put(person: DirectoryPerson): void;
  remove(id: string): void;
  /** Let every lookup fail, or answer again. */
  setReachable(isReachable: boolean): void;
}

export const STAFF = 'cn=staff,ou=groups,dc=example,dc=com';
export const WRITERS = 'cn=writers,ou=groups,dc=example,dc=com';

/** An active person in the group of the staff. */
export function directoryPerson(id: string, changes: Partial<DirectoryPerson> = {}): DirectoryPerson {
  return {
    ...{ id, dn: `uid=${id},dc=example,dc=com`, name: id, state: 'active', groups: [STAFF], claims: {} },
    ...changes,
  };
}

export function createFakeDirectory(...people: readonly DirectoryPerson[]): FakeDirectory {
  const byId = new Map(people.map((person) => [person.id, person]));
  const lookups: string[] = [];
  let isReachable = true;

  const ask = async (lookup: string, find: () => DirectoryPerson | undefined) => {
    lookups.push(lookup);
    await new Promise(setImmediate);
    if (!isReachable) throw new TemporarilyUnavailableError({ cause: new Error('connect ECONNREFUSED') });
    return find();
  };

  return {
    lookups,
    put: (person) => void byId.set(person.id, person),
    remove: (id) => void byId.delete(id),
    setReachable: (value) => {
      isReachable = value;
    },
    findByName: (name) => ask(`name:${name}`, () => [...byId.values()].find((each) => each.name === name)),
    findById: (id) => ask(`id:${id}`, () => byId.get(id)),
    authenticate: async () => ({ kind: 'rejected', reason: 'unknown' }),
    isReady: () => isReachable,
    close: async () => {},
  };
}
