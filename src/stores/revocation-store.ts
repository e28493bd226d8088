import type { NumericDate } from '../clock.js';
import { TemporarilyUnavailableError } from '../errors.js';

/** One thing that is revoked: every token that bears its name, or those issued up to a cut-off. */
export interface RevocationEntry {
  /** What is revoked; made by `revocation/`, opaque to stores. Up to 200 characters, well-formed. */
  readonly name: string;
  /** Tokens issued in this second or before are revoked. Default: all are. */
  readonly issuedUpTo?: NumericDate;
  /** When the last of these tokens has expired by itself, and the entry may be forgotten. */
  readonly expiresAt: NumericDate;
  /** `key_id` on whose request it is kept; each may have so many. Default: it counts for nobody. */
  readonly owner?: string;
}

/** Where revocations are kept. */
export interface RevocationStore {
  /**
   * Keeps an entry until it expires. Of two entries of one name the wider counts: a cut-off gives way to none and
   * to a later one, and the later expiry stays.
   * @returns a promise that resolves once the entry is in force here, and as durable as the driver promises.
   * @throws TemporarilyUnavailableError (as rejection) where it cannot be kept: the store is full or out of
   *   reach. What it holds stays in force. An entry whose answer was lost may be in force all the same.
   */
  add(entry: RevocationEntry): Promise<void>;
  /**
   * The entry of a name, from what this process knows, without waiting for anything. One that has expired
   * may still be found.
   * @throws TemporarilyUnavailableError where what this process knows is too old to decide.
   */
  find(name: string): RevocationEntry | undefined;
  /**
   * Tokens issued before it count as revoked: the store began then, and what was revoked earlier may be lost.
   * 0 where nothing can have been lost.
   * @throws TemporarilyUnavailableError where what this process knows is too old to decide.
   */
  completeSince(): NumericDate;
  /** How old in seconds what this process knows is at most; 0 where it reads the store itself. */
  readonly ageSeconds: number;
  /** How many entries this process knows. */
  readonly size: number;
}

/** The entry that is in force where one of the same name is there already. */
export function mergeEntries(present: RevocationEntry | undefined, added: RevocationEntry): RevocationEntry {
  if (present === undefined) return added;
  const { name, owner = added.owner } = present;
  const issuedUpTo = laterCutOff(present.issuedUpTo, added.issuedUpTo);
  return {
    name,
    ...(issuedUpTo === undefined ? {} : { issuedUpTo }),
    expiresAt: Math.max(present.expiresAt, added.expiresAt),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** Whether an entry leaves nothing of another of its name to be revoked, nor to be kept longer. */
export function coversEntry(present: RevocationEntry | undefined, other: RevocationEntry): boolean {
  if (present === undefined || present.expiresAt < other.expiresAt) return false;
  return laterCutOff(present.issuedUpTo, other.issuedUpTo) === present.issuedUpTo;
}

/** None at all reaches furthest. */
function laterCutOff(one?: NumericDate, other?: NumericDate): NumericDate | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}

/** Why a driver keeps no further entry. */
export type Fullness = 'store' | 'owner';

/** What a driver rejects with; there is room again as soon as entries expire. */
export function fullStoreError(fullness: Fullness): TemporarilyUnavailableError {
  const message =
    fullness === 'store'
      ? 'The revocation store is full'
      : 'The revocations of one API key are at their bound';
  return new TemporarilyUnavailableError({ retryAfterSeconds: 60, cause: new Error(message) });
}
