import type { DirectoryUsers } from '../../api-keys/api-key.js';
import { InvalidGrantError, TemporarilyUnavailableError } from '../../base/errors.js';
import type { UserRejection } from '../../base/rejections.js';
import type { Person } from '../../directory/check-person.js';
import type { PersonState } from '../../directory/directory.js';
import { createPeople, type People } from '../../directory/people.js';
import type { PersonReference, StoredFamily } from '../../stores/family-store.js';
import type { GrantContext } from '../grants/grant.js';
import type { IdentityProviders } from '../id-tokens/resolve-identity-providers.js';
import { type EndPersonParts, endPerson } from './end-person.js';
import { findLastUse } from './find-last-use.js';
import { identityOfPerson } from './identity-of-person.js';
import { isAbsenceConfirmable } from './is-absence-confirmable.js';
import { isFinal } from './is-final.js';
import { namesDirectory } from './names-directory.js';
import { noteAbsence } from './note-absence.js';
import type { UserDirectories } from './user-directories-options.js';
import type { VerifiedUser } from './verified-user.js';

export interface VerifiedUsersParts extends EndPersonParts {
  readonly directories: UserDirectories;
  /** Identity providers, which can be linked to directories. */
  readonly identityProviders: IdentityProviders;
  /** Maximum age in seconds of an answer that a refresh uses during an outage. */
  readonly staleSeconds: number;
}

/** Client whose user is verified. */
export type UserContext = Pick<GrantContext, 'apiKey' | 'origin'>;

/** Verification of users by the directories of the router. */
export interface VerifiedUsers {
  /** Whether a user has the form of a subject that the router issues for verified users. No client may assert it. */
  isVerifiedSubject(user: string): boolean;
  /**
   * Find the user of a new token by sign-in name, or by subject as `<directory>:<ID>`.
   *
   * @throws InvalidGrantError (as rejection) if the user is unknown or not active. Sessions of a disabled user end
   * @throws InvalidScopeError (as rejection) if the groups of the user grant no permission
   * @throws TemporarilyUnavailableError (as rejection) if the directory or a store is unavailable
   */
  identify(user: string, users: DirectoryUsers, context: UserContext): Promise<VerifiedUser>;
  /**
   * Check the person of a refresh token family again.
   *
   * @returns `undefined` if no directory verifies the subject
   * @throws InvalidGrantError (as rejection) if the API key no longer names the directory, or the person is absent or not
   *   active. The sessions of a disabled person end, and those of an absent person after the absence is confirmed
   * @throws InvalidScopeError (as rejection) if the groups of the person grant no permission
   * @throws TemporarilyUnavailableError (as rejection) if the directory or a store is unavailable
   */
  recheck(family: StoredFamily, context: UserContext): Promise<VerifiedUser | undefined>;
  /**
   * Find an active person by ID, for an ID token whose provider is linked to a directory.
   *
   * @throws InvalidGrantError, InvalidScopeError, TemporarilyUnavailableError (as rejection) as `identify()`
   */
  identifyPerson(
    directory: string,
    find: (people: People) => Promise<Person | undefined>,
    context: UserContext,
  ): Promise<VerifiedUser>;
}

/** Reasons by state. */
const REASONS: Readonly<Record<Exclude<PersonState, 'active'>, UserRejection>> = {
  disabled: 'user_disabled',
  expired: 'user_expired',
  locked: 'user_locked',
  password_expired: 'user_password_expired',
};

/** Create the verification of users. */
export function createVerifiedUsers(parts: VerifiedUsersParts): VerifiedUsers {
  const { directories, identityProviders: providers, staleSeconds, families, audit, clock } = parts;
  const people = new Map(
    Array.from(directories, ([source, directory]) => [
      source,
      createPeople({ source, directory, audit, clock }),
    ]),
  );

  const peopleOf = (directory: string): People => {
    const found = people.get(directory);
    if (found !== undefined) return found;
    // A registry without `addRule` can have such an API key. The router rejects the others.
    const cause = new Error(
      `An API key names the directory ${directory}: add it to directories of tokenRouter()`,
    );
    throw new TemporarilyUnavailableError({ cause });
  };

  const reject = async (
    reason: UserRejection,
    { directory, subject }: { readonly directory: string; readonly subject?: string | undefined },
    { apiKey: { keyId: clientId }, origin: { ip } }: UserContext,
  ): Promise<never> => {
    await audit.record({
      ...{ type: 'user.rejected', clientId, reason, directory },
      ...(subject === undefined ? {} : { subject }),
      ...(ip === undefined ? {} : { ip }),
    });
    throw new InvalidGrantError(reason);
  };

  const end = (subject: string, { apiKey, origin: { ip } }: UserContext): Promise<number> =>
    endPerson(parts, { clientId: apiKey.keyId, subject, ip });

  const assertActive = async (
    { state, subject }: Person,
    directory: string,
    context: UserContext,
  ): Promise<void> => {
    if (state === 'active') return;
    if (isFinal(state)) await end(subject, context);
    return reject(REASONS[state], { directory, subject }, context);
  };

  const identifyPerson: VerifiedUsers['identifyPerson'] = async (directory, find, context) => {
    const person = await find(peopleOf(directory));
    if (person === undefined) return reject('user_unknown', { directory }, context);
    await assertActive(person, directory, context);
    const { subject } = person;
    const {
      apiKey,
      origin: { ip },
    } = context;
    await audit.record({
      ...{ type: 'user.authenticated', clientId: apiKey.keyId, subject, directory },
      ...(ip === undefined ? {} : { ip }),
    });
    return identityOfPerson(apiKey, directory, person);
  };

  /** Reject a family whose person is absent. Returns if the directory finds the person at the second glance. */
  const confirmAbsence = async (
    family: StoredFamily,
    { directory, id }: PersonReference,
    context: UserContext,
  ): Promise<Person> => {
    const { state } = family;
    const now = clock();
    if (isAbsenceConfirmable(state.absentSince, now, 'refresh')) {
      const person = await peopleOf(directory).byId(id, { isUncached: true });
      if (person !== undefined) return person;
      if (families === undefined || (await findLastUse(families, state)) <= state.absentSince)
        await end(state.subject, context);
      else await noteAbsence(families, family, now);
    } else if (families !== undefined) {
      await noteAbsence(families, family, now);
    }
    return reject('user_absent', { directory, subject: state.subject }, context);
  };

  return {
    isVerifiedSubject(user) {
      const source = user.slice(0, Math.max(user.indexOf(':'), 0));
      return directories.has(source) || providers.has(source);
    },

    identify(user, { directory }, context) {
      const prefix = `${directory}:`;
      const find = user.startsWith(prefix)
        ? (each: People) => each.byId(user.slice(prefix.length))
        : (each: People) => each.byName(user);
      return identifyPerson(directory, find, context);
    },

    identifyPerson,

    async recheck(family, context) {
      const { person, subjectAsserted } = family.state;
      const { apiKey } = context;
      if (person === undefined) {
        // The session began before the API key named a directory.
        if (subjectAsserted && typeof apiKey.users === 'object') throw new InvalidGrantError('revoked');
        return undefined;
      }
      const { directory, id } = person;
      if (!namesDirectory(apiKey, directory, providers)) throw new InvalidGrantError('revoked');
      const found = await peopleOf(directory).byId(id, { staleSeconds });
      const present = found ?? (await confirmAbsence(family, person, context));
      await assertActive(present, directory, context);
      return identityOfPerson(apiKey, directory, present);
    },
  };
}
