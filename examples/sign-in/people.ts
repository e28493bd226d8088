import { type Directory, type DirectoryPerson, normalizeDn } from 'passport-jwe/ldap';

/** Scopes of the API. */
export const SCOPES = ['read:profile', 'read:documents'] as const;

/** Name of the directory in subjects, so that IDs of several directories cannot be equal. */
const DIRECTORY = 'corp';

/** Result of the search for the person of a session or token. */
export type PersonLookup =
  | { readonly kind: 'active'; readonly person: DirectoryPerson }
  /** `isFinal` is `true` if an administrator disabled the account or let it expire. All sessions of the person must end. */
  | { readonly kind: 'inactive'; readonly isFinal: boolean };

/** Subject of a person. It contains the immutable ID, because names and addresses are assigned again. */
export function subjectOf({ id }: Pick<DirectoryPerson, 'id'>): string {
  return `${DIRECTORY}:${id}`;
}

/**
 * Find the person with a subject. A person who is absent is inactive, but the sessions stay: during a replication, people can be
 * missing for some time.
 *
 * @throws TemporarilyUnavailableError (as rejection) if the directory is unreachable
 */
export async function findBySubject(directory: Directory, subject: string): Promise<PersonLookup> {
  if (!subject.startsWith(`${DIRECTORY}:`)) return { kind: 'inactive', isFinal: false };
  const person = await directory.findById(subject.slice(DIRECTORY.length + 1));
  if (person?.state === 'active') return { kind: 'active', person };
  return { kind: 'inactive', isFinal: person?.state === 'disabled' || person?.state === 'expired' };
}

/** Scopes that the groups of a person permit. A directory can spell one DN in several ways. */
export function scopesOf({ groups }: Pick<DirectoryPerson, 'groups'>, staffGroup: string): readonly string[] {
  const staff = normalizeDn(staffGroup);
  const isStaff = staff !== undefined && groups.some((group) => normalizeDn(group) === staff);
  return SCOPES.filter((scope) => scope !== 'read:documents' || isStaff);
}
