import type { NumericDate } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';

/** A revocation: of every token with the name, or of those issued up to a cut-off. */
export interface RevocationEntry {
  /** Name of the revoked item: opaque to stores, up to 200 characters, well-formed Unicode. */
  readonly name: string;
  /** Cut-off: tokens issued in or before this second are revoked. Default: all tokens. */
  readonly issuedUpTo?: NumericDate;
  /** When the last of these tokens has expired and the store may delete the entry. */
  readonly expiresAt: NumericDate;
  /** `key_id` of the client that requested the revocation. Default: none. */
  readonly owner?: string;
  /** The entries that may replace this one if the store is full. Default: the entry stays until it expires. */
  readonly fold?: RevocationFold;
}

/** Wider entries, each of which revokes at least the same tokens. */
export interface RevocationFold {
  /** Names of the wider entries, from the narrowest to the widest; at least one. */
  readonly into: readonly string[];
  /** Cut-off of a wider entry: when the newest affected token was issued, or later. */
  readonly issuedUpTo: NumericDate;
}

/** How full a store is. */
export interface RevocationFill {
  /** Entries in the store. */
  readonly entries: number;
  /** Bound at which the store folds entries, and rejects further ones if none can be folded. */
  readonly maxEntries: number;
  /** Foldable entries of the API key that has most of them. */
  readonly clientEntries: number;
  /** Bound at which the entries of an API key are folded. */
  readonly maxClientEntries: number;
}

/** Stores revocations. */
export interface RevocationStore {
  /**
   * Stores an entry until it expires. Two entries of the same name are merged: no cut-off wins over a cut-off, the
   * later cut-off wins over the earlier, and the later expiry applies.
   *
   * Makes room by folding entries that allow it. A wider entry takes effect before the entries it replaces are removed.
   * @returns a promise that resolves once the entry takes effect in this process and is as durable as the driver
   *   promises.
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable, or full of entries that cannot be
   *   folded. Existing entries stay in effect. If only the answer was lost, the entry may be in effect.
   */
  add(entry: RevocationEntry): Promise<void>;
  /**
   * Returns the entry of a name from the local state, synchronously. It may return an expired entry.
   * @throws TemporarilyUnavailableError if the local state is too old to decide.
   */
  find(name: string): RevocationEntry | undefined;
  /**
   * Returns the time from which the store is complete. Tokens issued earlier count as revoked, because their
   * revocations may be lost. 0 if no revocation can be lost.
   * @throws TemporarilyUnavailableError if the local state is too old to decide.
   */
  completeSince(): NumericDate;
  /** Maximum age of the local state in seconds; 0 if the process reads the store directly. */
  readonly ageSeconds: number;
  /** Number of entries that this process knows. */
  readonly size: number;
  /** How full the store is, for metrics. Optional. */
  readonly fill?: RevocationFill;
}

/** Merges an entry with a present one of the same name. */
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

/** The merged entry can be folded only if both entries can. */
function mergeFolds(one?: RevocationFold, other?: RevocationFold): RevocationFold | undefined {
  if (one === undefined || other === undefined) return undefined;
  const into = one.into.filter((name) => other.into.includes(name));
  return into.length === 0 ? undefined : { into, issuedUpTo: Math.max(one.issuedUpTo, other.issuedUpTo) };
}

/** Whether an entry already revokes everything that another of its name revokes, for at least as long. */
export function coversEntry(present: RevocationEntry | undefined, other: RevocationEntry): boolean {
  if (present === undefined || present.expiresAt < other.expiresAt) return false;
  return laterCutOff(present.issuedUpTo, other.issuedUpTo) === present.issuedUpTo;
}

/** No cut-off reaches furthest: it revokes all tokens. */
function laterCutOff(one?: NumericDate, other?: NumericDate): NumericDate | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}

/** Returns the error of a full store. There is room again as soon as entries expire. */
export function fullStoreError(): TemporarilyUnavailableError {
  const cause = new Error(
    'The revocation store is full of entries that cannot be folded: raise maxRevocations',
  );
  return new TemporarilyUnavailableError({ retryAfterSeconds: 60, cause });
}
