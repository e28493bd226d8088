import type { ApiKeyRegistry } from '../../api-keys/api-key-registry.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../../audit/record.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { assertMethod, assertOptions, type KnownOptions } from '../../base/options.js';
import { createPeople } from '../../directory/people.js';
import type { Revocations } from '../../revocation/revocations-contract.js';
import { readPages } from '../../sessions/end-sessions.js';
import type { FamilyState, FamilyStore, PersonReference, StoredFamily } from '../../stores/family-store.js';
import { requireStore } from '../../stores/require-store.js';
import type { Stores } from '../../stores/stores.js';
import { type EndPersonParts, endPerson } from './end-person.js';
import { isAbsenceConfirmable } from './is-absence-confirmable.js';
import { isFinal } from './is-final.js';
import { noteAbsence } from './note-absence.js';
import { resolveUserDirectories, type UserDirectoriesOptions } from './user-directories-options.js';

/** Options of `sweepDirectory()`: the same objects as those of `tokenRouter()`. */
export interface SweepDirectoryOptions extends Required<Pick<UserDirectoriesOptions, 'directories'>> {
  /** API keys whose sessions are checked. */
  readonly apiKeys: Pick<ApiKeyRegistry, 'apiKeys'>;
  /** Stores with the sessions. Only `families` is required. */
  readonly stores: Pick<Stores, 'families'>;
  /**
   * Revocations, which end the access tokens of the sessions.
   *
   * @default undefined (access tokens remain valid until they expire)
   */
  readonly revocations?: Revocations;
  /**
   * Audit trail that records the end of each session.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Source of the current time.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Result of `sweepDirectory()`. */
export interface DirectorySweep {
  /** Number of checked people. A person with sessions at two clients counts twice. */
  readonly checked: number;
  /** Number of people whom their directory does not find. */
  readonly absent: number;
  /** Number of ended sessions. */
  readonly ended: number;
  /** Whether the sweep ignored absence, because at least 5 % of the people and more than one were absent. */
  readonly isStopped: boolean;
}

const KNOWN: KnownOptions<SweepDirectoryOptions> = {
  ...{ apiKeys: true, stores: true, directories: true, revocations: true, audit: true, clock: true },
};

/** Share of absent people from which the directory is considered incomplete, for example after the loss of a right. */
const MAX_ABSENT = 0.05;

/** Number of concurrent lookups. */
const BATCH = 10;

const NO_REVOCATIONS =
  'sweepDirectory: revocations must be a Revocations object: pass the result of createRevocations({ stores })';

/** Family whose person is checked. */
type PersonFamily = StoredFamily & { readonly state: { readonly person: PersonReference } };

/**
 * Check the people of all sessions without the cache, and end the sessions of people who are disabled or expired. The
 * sessions of absent people end when a later sweep, at least five minutes after the first, does not find them either. Run it
 * at intervals, for example every ten minutes.
 *
 * @throws TypeError (as rejection) if an option is missing, unknown or malformed
 * @throws TemporarilyUnavailableError (as rejection) if a directory or a store is unavailable. Run the sweep again
 *
 * @example
 * const { ended, isStopped } = await sweepDirectory({ apiKeys, stores, directories: { corp }, revocations });
 */
export async function sweepDirectory(options: SweepDirectoryOptions): Promise<DirectorySweep> {
  assertOptions(options, KNOWN, 'sweepDirectory');
  const { apiKeys, revocations, audit = noAuditTrail, clock = systemClock } = options;
  const directories = resolveUserDirectories(options, 'sweepDirectory');
  const families = requireStore(options.stores, 'families', 'sweepDirectory');
  if (!Array.isArray(Object(apiKeys).apiKeys))
    throw new TypeError('sweepDirectory: apiKeys must be an ApiKeyRegistry: pass await watchApiKeys(...)');
  if (revocations !== undefined) assertMethod(revocations, 'revoke', NO_REVOCATIONS);
  assertAuditTrail(audit, 'sweepDirectory');
  const parts = { families, revocations, audit, clock };
  const people = new Map(
    Array.from(directories, ([source, directory]) => [
      source,
      createPeople({ source, directory, audit: noAuditTrail, clock }),
    ]),
  );
  const isMeant = ({ person }: FamilyState): boolean => person !== undefined && people.has(person.directory);

  let [checked, ended] = [0, 0];
  const absent: PersonFamily[] = [];

  /** Check one person. Returns whether the directory finds the person. */
  const check = async (family: PersonFamily): Promise<boolean> => {
    const { clientId, subject, person } = family.state;
    const found = await people.get(person.directory)?.byId(person.id, { isUncached: true });
    checked += 1;
    if (found === undefined) absent.push(family);
    else if (isFinal(found.state)) ended += await endPerson(parts, { clientId, subject, ip: undefined });
    return found !== undefined;
  };

  for (const { keyId: clientId } of apiKeys.apiKeys) {
    const areFound = new Map<string, boolean>();
    for await (const page of readPages(families, { group: { kind: 'api_key', clientId }, isMeant })) {
      const found = page.filter(hasPerson);
      const first = new Map(found.map((family) => [family.state.subject, family]));
      const unchecked = [...first.values()].filter(({ state }) => !areFound.has(state.subject));
      for (let from = 0; from < unchecked.length; from += BATCH) {
        const batch = unchecked.slice(from, from + BATCH);
        const answers = await Promise.all(batch.map(check));
        for (const [index, { state }] of batch.entries())
          areFound.set(state.subject, answers[index] === true);
      }
      await Promise.all(
        found.filter(({ state }) => areFound.get(state.subject)).map((each) => forgetAbsence(families, each)),
      );
    }
  }

  const isStopped = absent.length > 1 && absent.length >= checked * MAX_ABSENT;
  if (!isStopped) for (const family of absent) ended += await settleAbsence(parts, family);
  return { checked, absent: absent.length, ended, isStopped };
}

function hasPerson(family: StoredFamily): family is PersonFamily {
  return family.state.person !== undefined;
}

/** Remove the time of an absence that was none. A concurrent use of the family removes it too. */
async function forgetAbsence(families: FamilyStore, family: StoredFamily): Promise<void> {
  if (family.state.absentSince === undefined) return;
  const { absentSince: _, ...state } = family.state;
  await families.replace({ ...family, state });
}

/** End the sessions of an absent person, or store the time of the first absence. Returns the number of ended families. */
async function settleAbsence(
  parts: EndPersonParts & { readonly families: FamilyStore },
  family: StoredFamily,
): Promise<number> {
  const now = parts.clock();
  const { clientId, subject, absentSince } = family.state;
  if (isAbsenceConfirmable(absentSince, now)) return endPerson(parts, { clientId, subject, ip: undefined });
  await noteAbsence(parts.families, family, now);
  return 0;
}
