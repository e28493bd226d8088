import type { ApiKeyRegistry } from '../../api-keys/api-key-registry.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../../audit/record.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { assertMethod, assertOptions, type KnownOptions } from '../../base/options.js';
import type { Revocations } from '../../revocation/revocations-contract.js';
import { readPages } from '../../sessions/end-sessions.js';
import type { FamilyState, FamilyStore, PersonReference, StoredFamily } from '../../stores/family-store.js';
import { requireStore } from '../../stores/require-store.js';
import type { Stores } from '../../stores/stores.js';
import { type EndPersonParts, endPerson } from './end-person.js';
import { findLastUse } from './find-last-use.js';
import { isAbsenceConfirmable } from './is-absence-confirmable.js';
import { noteAbsence } from './note-absence.js';
import { createSweptPeople, type SweptPeople, type SweptState } from './swept-people.js';
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
  /** Number of people about whom their directory answered. A person with sessions at two clients counts once. */
  readonly checked: number;
  /** Number of people whom their directory does not find. */
  readonly absent: number;
  /** Number of people whose lookup failed, for example because their entry is malformed. Their sessions stay. */
  readonly failed: number;
  /** Number of ended sessions. */
  readonly ended: number;
  /** Whether the sweep ignored absence in a directory, because at least 5 % of its people and more than one were absent. */
  readonly isStopped: boolean;
}

const KNOWN: KnownOptions<SweepDirectoryOptions> = {
  ...{ apiKeys: true, stores: true, directories: true, revocations: true, audit: true, clock: true },
};

/** Share of absent people of one directory from which the directory is considered incomplete, for example after the loss of a right. */
const MAX_ABSENT = 0.05;

/** Number of concurrent lookups. */
const BATCH = 10;

const NO_REVOCATIONS =
  'sweepDirectory: revocations must be a Revocations object: pass the result of createRevocations({ stores })';

/** Family whose person is checked. */
type PersonFamily = StoredFamily & { readonly state: { readonly person: PersonReference } };

/**
 * Check the people of all sessions without the cache, and end the sessions of people who are disabled or expired. The
 * sessions of absent people end when a later sweep, at least five minutes after the first, does not find them either, unless
 * they have used a session since. Run it at intervals, for example every ten minutes, and at least daily.
 *
 * @throws TypeError (as rejection) if an option is missing, unknown or malformed
 * @throws TemporarilyUnavailableError (as rejection) if a store is unavailable, or a directory. The sweep has checked the people
 *   of other directories. Run it again
 *
 * @example
 * const { ended, failed, isStopped } = await sweepDirectory({ apiKeys, stores, directories: { corp }, revocations });
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
    Array.from(directories, ([source, directory]) => [source, createSweptPeople(source, directory, clock)]),
  );
  const isMeant = ({ person }: FamilyState): boolean => person !== undefined && people.has(person.directory);

  let ended = 0;
  /** Sessions of absent people by subject, one for each client. */
  const absent = new Map<string, PersonFamily[]>();

  /** Check the person of one family. */
  const check = async (family: PersonFamily): Promise<SweptState> => {
    const { clientId, subject, person } = family.state;
    const state = (await people.get(person.directory)?.find(person.id)) ?? 'failed';
    if (state === 'absent') absent.set(subject, [...(absent.get(subject) ?? []), family]);
    if (state !== 'ended') return state;
    const count = await endPerson(parts, { clientId, subject, origin: {} });
    ended += count;
    return state;
  };

  for (const { keyId: clientId } of apiKeys.apiKeys) {
    const states = new Map<string, SweptState>();
    for await (const page of readPages(families, { group: { kind: 'api_key', clientId }, isMeant })) {
      const found = page.filter(hasPerson);
      const first = new Map(found.map((family) => [family.state.subject, family]));
      const unchecked = [...first.values()].filter(({ state }) => !states.has(state.subject));
      for (let from = 0; from < unchecked.length; from += BATCH) {
        const batch = unchecked.slice(from, from + BATCH);
        const answers = await Promise.all(batch.map(check));
        for (const [index, { state }] of batch.entries())
          states.set(state.subject, answers[index] ?? 'failed');
      }
      const present = found.filter(({ state }) => states.get(state.subject) === 'present');
      await Promise.all(present.map((each) => forgetAbsence(families, each)));
    }
  }

  const swept = [...people.values()];
  const isSettled = ({ state }: PersonFamily): boolean => {
    const each = people.get(state.person.directory);
    return each !== undefined && each.outage() === undefined && !isIncomplete(each);
  };
  for (const sessions of absent.values())
    if (sessions.every(isSettled)) ended += await settleAbsence(parts, sessions);
  const failed = swept.find((each) => each.outage() !== undefined);
  if (failed !== undefined) throw failed.outage();
  const total = (state: SweptState): number => swept.reduce((sum, each) => sum + each.count(state), 0);
  return {
    checked: total('present') + total('ended') + total('absent'),
    ...{ absent: total('absent'), failed: total('failed'), ended, isStopped: swept.some(isIncomplete) },
  };
}

/** Whether the share of absent people suggests that the directory does not show all people. */
function isIncomplete(people: SweptPeople): boolean {
  const absent = people.count('absent');
  const checked = absent + people.count('present') + people.count('ended');
  return absent > 1 && absent >= checked * MAX_ABSENT;
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

/**
 * End the sessions of an absent person at all clients, or store the time of the first absence. A person who has used a session
 * since then was present. Returns the number of ended families.
 */
async function settleAbsence(
  parts: EndPersonParts & { readonly families: FamilyStore },
  sessions: readonly PersonFamily[],
): Promise<number> {
  const uses = await Promise.all(sessions.map(({ state }) => findLastUse(parts.families, state)));
  const lastUse = Math.max(...uses);
  const now = parts.clock();
  let ended = 0;
  for (const family of sessions) {
    const { clientId, subject, absentSince } = family.state;
    if (isAbsenceConfirmable(absentSince, now, 'sweep') && lastUse <= absentSince)
      ended += await endPerson(parts, { clientId, subject, origin: {} });
    else await noteAbsence(parts.families, family, now);
  }
  return ended;
}
