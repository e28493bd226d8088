import type { DirectoryUsers } from '../../api-keys/api-key.js';
import { auditOrigin } from '../../audit/audit-origin.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { UserRejection } from '../../base/rejections.js';
import { InvalidGrantError } from '../../base/token-endpoint-errors.js';
import type { Person } from '../../directory/check-person.js';
import type { PersonState } from '../../directory/directory.js';
import { createPeople, type LookupClient, type LookupTerms, type People } from '../../directory/people.js';
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
import { createRecentAbsences } from './recent-absences.js';
import { recordAuthenticated } from './record-authenticated.js';
import { createRejectedPeople } from './rejected-people.js';
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
   * @throws TemporarilyUnavailableError (as rejection) if the directory or a store is unavailable, or the directory returns
   *   a person with another subject
   */
  recheck(family: StoredFamily, context: UserContext): Promise<VerifiedUser | undefined>;
  /**
   * Find an active person by ID, for an ID token whose provider is linked to a directory.
   *
   * @throws InvalidGrantError, InvalidScopeError, TemporarilyUnavailableError (as rejection) as `identify()`
   */
  identifyPerson(
    directory: string,
    find: (people: People, client: LookupClient) => Promise<Person | undefined>,
    context: UserContext,
  ): Promise<VerifiedUser>;
  /** Record that a verified user receives a token. Call it last, so that no rejected request is recorded. */
  record(identity: VerifiedUser, context: UserContext): Promise<void>;
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

  const absences = createRecentAbsences(clock);
  const rejected = createRejectedPeople({ families, clock });

  const isVerifiedSubject = (user: string): boolean => {
    const source = user.slice(0, Math.max(user.indexOf(':'), 0));
    return directories.has(source) || providers.has(source);
  };

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
    { apiKey: { keyId: clientId }, origin }: UserContext,
  ): Promise<never> => {
    await audit.record({
      ...{ type: 'user.rejected', clientId, reason, directory },
      ...(subject === undefined ? {} : { subject }),
      ...auditOrigin(origin),
    });
    throw new InvalidGrantError(reason);
  };

  const end = (subject: string, { apiKey, origin }: UserContext): Promise<number> =>
    endPerson(parts, { clientId: apiKey.keyId, subject, origin: auditOrigin(origin) });

  /** Find a known person again. */
  const findAgain = async (
    { directory, id }: PersonReference,
    subject: string,
    terms: LookupTerms,
  ): Promise<Person | undefined> => {
    const person = await peopleOf(directory).byId(id, terms);
    if (person === undefined || person.subject === subject) return person;
    // Servers ignore the case of UUIDs, but a token must not have the claims of another person.
    const cause = new Error(`The directory ${directory} returned a person with another ID: correct it`);
    throw new TemporarilyUnavailableError({ cause });
  };

  /** End the sessions of a person whose account is disabled or expired, if the directory confirms it without the cache. */
  const confirmEnd = async (person: Person, directory: string, context: UserContext): Promise<Person> => {
    const { id, subject } = person;
    const terms = { isUncached: true, clientId: context.apiKey.keyId };
    const current = (await findAgain({ directory, id }, subject, terms)) ?? person;
    if (current !== person && isFinal(current.state)) await end(subject, context);
    return current;
  };

  const requireActive = async (person: Person, directory: string, context: UserContext): Promise<Person> => {
    const { state, subject } = person;
    return state === 'active' ? person : reject(REASONS[state], { directory, subject }, context);
  };

  const identifyPerson: VerifiedUsers['identifyPerson'] = async (directory, find, context) => {
    const { keyId: clientId } = context.apiKey;
    const person = await find(peopleOf(directory), { clientId });
    if (person === undefined) return reject('user_unknown', { directory }, context);
    const user = { clientId, subject: person.subject };
    const isEnd = isFinal(person.state) && (await rejected.mayHaveTokens(user));
    const current = isEnd ? await confirmEnd(person, directory, context) : person;
    if (isEnd) rejected.noteEnd(user);
    return identityOfPerson(context.apiKey, directory, await requireActive(current, directory, context));
  };

  /** Reject a family whose person is absent. Returns if a second lookup finds the person. */
  const confirmAbsence = async (
    family: StoredFamily,
    person: PersonReference,
    context: UserContext,
  ): Promise<Person> => {
    const { state } = family;
    const { directory } = person;
    const now = clock();
    // A sweep compares all people of the directory, and then decides.
    if (absences.areWidespread(directory)) {
      return reject('user_absent', { directory, subject: state.subject }, context);
    }
    if (isAbsenceConfirmable(state.absentSince, now, 'refresh')) {
      const terms = { isUncached: true, clientId: context.apiKey.keyId };
      const found = await findAgain(person, state.subject, terms);
      if (found !== undefined) return found;
      if (families === undefined || (await findLastUse(families, state)) <= state.absentSince)
        await end(state.subject, context);
      else await noteAbsence(families, family, now);
    } else if (families !== undefined) {
      await noteAbsence(families, family, now);
    }
    return reject('user_absent', { directory, subject: state.subject }, context);
  };

  return {
    isVerifiedSubject,

    identify(user, { directory }, context) {
      const prefix = `${directory}:`;
      const find = user.startsWith(prefix)
        ? (each: People, client: LookupClient) => each.byId(user.slice(prefix.length), client)
        : (each: People, client: LookupClient) => each.byName(user, client);
      return identifyPerson(directory, find, context);
    },

    identifyPerson,

    async record(identity, context) {
      const { subject, person } = identity;
      rejected.noteToken({ clientId: context.apiKey.keyId, subject });
      if (person === undefined) return;
      await recordAuthenticated(audit, { subject, directory: person.directory }, context);
    },

    async recheck(family, context) {
      const { person, subject, subjectAsserted } = family.state;
      const { apiKey } = context;
      if (person === undefined) {
        // The session began before the API key named a directory, or before the router had the directory.
        const isUnverified = typeof apiKey.users === 'object' || isVerifiedSubject(subject);
        if (subjectAsserted && isUnverified) throw new InvalidGrantError('revoked');
        return undefined;
      }
      const { directory } = person;
      if (!namesDirectory(apiKey, directory, providers)) throw new InvalidGrantError('revoked');
      const found = await findAgain(person, subject, { staleSeconds, clientId: apiKey.keyId });
      absences.note(person, found === undefined);
      const present = found ?? (await confirmAbsence(family, person, context));
      const current = isFinal(present.state) ? await confirmEnd(present, directory, context) : present;
      return identityOfPerson(apiKey, directory, await requireActive(current, directory, context));
    },
  };
}
