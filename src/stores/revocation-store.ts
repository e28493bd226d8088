import type { NumericDate } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';

/** One thing that is revoked: every token that bears its name, or those issued up to a cut-off. */
export interface RevocationEntry {
  /** What is revoked; made by `revocation/`, opaque to stores. Up to 200 characters, well-formed. */
  readonly name: string;
  /** Tokens issued in this second or before are revoked. Default: all are. */
  readonly issuedUpTo?: NumericDate;
  /** When the last of these tokens has expired, and the entry may be forgotten. */
  readonly expiresAt: NumericDate;
  /** `key_id` of the client that requested it. Default: no client did. */
  readonly owner?: string;
  /** What may take its place if there are too many entries. Default: the entry stays until it expires. */
  readonly fold?: RevocationFold;
}

/** Wider entries, each of which revokes all that an entry does. */
export interface RevocationFold {
  /** Their names, from the narrowest to the widest; at least one. */
  readonly into: readonly string[];
  /** Cut-off that a wider entry needs: when the youngest token in question was issued, or later. */
  readonly issuedUpTo: NumericDate;
}

/** How full a store is. */
export interface RevocationFill {
  /** Entries in the store. */
  readonly entries: number;
  /** Number of entries at which the store folds entries, and rejects further ones if none can be folded. */
  readonly maxEntries: number;
  /** Entries of the API key that has most of those that can be folded. */
  readonly clientEntries: number;
  /** Number of entries at which those of an API key are folded. */
  readonly maxClientEntries: number;
}

/** Where revocations are kept. */
export interface RevocationStore {
  /**
   * Keeps an entry until it expires. Of two entries of one name the wider counts: a cut-off gives way to none and
   * to a later one, and the later expiry stays.
   *
   * Makes room by folding entries that allow it: the cut-off takes effect before its entries are removed.
   * @returns a promise that resolves once the entry is in force here, and as durable as the driver promises.
   * @throws TemporarilyUnavailableError (as rejection) where it cannot be kept: the store is out of reach, or full of
   *   entries that cannot be folded. What it holds stays in force. An entry whose answer was lost may be in force all the same.
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
  /** How full the store is, for metrics. Absent in stores that do not tell. */
  readonly fill?: RevocationFill;
}

/** The entry that is in force where one of the same name is there already. */
export function mergeEntries(present: RevocationEntry | undefined, added: RevocationEntry): RevocationEntry {
  if (present === undefined) return added;
  const { name, owner = added.owner } = present;
  const issuedUpTo = laterCutOff(present.issuedUpTo, added.issuedUpTo);
  const fold = mergeFolds(present.fold, added.fold);
  return {
    name,
    ...(issuedUpTo === undefined ? {} : { issuedUpTo }),
    expiresAt: Math.max(present.expiresAt, added.expiresAt),
    ...(owner === undefined ? {} : { owner }),
    ...(fold === undefined ? {} : { fold }),
  };
}

/** If one of two entries must stay, both must. */
function mergeFolds(one?: RevocationFold, other?: RevocationFold): RevocationFold | undefined {
  if (one === undefined || other === undefined) return undefined;
  const into = one.into.filter((name) => other.into.includes(name));
  return into.length === 0 ? undefined : { into, issuedUpTo: Math.max(one.issuedUpTo, other.issuedUpTo) };
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

/** What a driver rejects with; there is room again as soon as entries expire. */
export function fullStoreError(): TemporarilyUnavailableError {
  const cause = new Error(
    'The revocation store is full of entries that cannot be folded: raise maxRevocations',
  );
  return new TemporarilyUnavailableError({ retryAfterSeconds: 60, cause });
}
