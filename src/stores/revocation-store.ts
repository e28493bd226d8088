import type { NumericDate } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';

/** A stored revocation. It applies to all tokens that match a name, or only to tokens issued up to a cut-off. */
export interface RevocationEntry {
  /** Name of the revocation target, opaque to stores: up to 200 characters of well-formed Unicode. */
  readonly name: string;
  /**
   * Cut-off: tokens issued in this second or earlier are revoked.
   *
   * @default undefined (all tokens)
   */
  readonly issuedUpTo?: NumericDate;
  /** Expiry of the last revoked token. The store may delete the entry afterwards. */
  readonly expiresAt: NumericDate;
  /**
   * `key_id` of the client that requested the revocation.
   *
   * @default undefined (no client)
   */
  readonly owner?: string;
  /**
   * Wider entries that may replace the entry if the store is full.
   *
   * @default undefined (the entry remains stored until it expires)
   */
  readonly fold?: RevocationFold;
}

/** Possible replacements of an entry. Each of them revokes at least the same tokens. */
export interface RevocationFold {
  /** Names of the wider entries, narrowest first. At least one. */
  readonly into: readonly string[];
  /** Cut-off of the wider entries: the `iat` of the newest revoked token, or later. */
  readonly issuedUpTo: NumericDate;
}

/** Fill level of a revocation store. */
export interface RevocationFill {
  /** Number of entries in the store. */
  readonly entries: number;
  /** Limit of the store. A full store folds entries, and rejects new entries only if none can be folded. */
  readonly maxEntries: number;
  /** Largest number of foldable entries of a single API key. */
  readonly clientEntries: number;
  /** Limit per API key. Above it, the store folds the oldest entries of the API key. */
  readonly maxClientEntries: number;
}

/** Stores revocations. Look-ups are synchronous and read local state only. */
export interface RevocationStore {
  /**
   * Store an entry until it expires, or merge it with the entry of the same name. A merged entry has the later expiry
   * and the later cut-off. If either entry has no cut-off, the merged entry has none.
   *
   * If the store is full, it folds entries. A wider entry takes effect before the narrower entries are removed.
   * @returns a promise that resolves once the entry is in effect in this process and stored as durably as the driver
   *   promises.
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable, or full of entries that cannot be
   *   folded. Existing entries remain in effect. If only the response was lost, the new entry may be in effect too.
   */
  add(entry: RevocationEntry): Promise<void>;
  /**
   * Return the entry with a name from the local state, synchronously. The entry may have expired.
   * @throws TemporarilyUnavailableError if the local state exceeds its maximum age.
   */
  find(name: string): RevocationEntry | undefined;
  /**
   * Return the earliest issue time for which the store has all revocations. Tokens issued earlier count as revoked,
   * because their revocations may be lost. 0 means that no token is affected.
   * @throws TemporarilyUnavailableError if the local state exceeds its maximum age.
   */
  completeSince(): NumericDate;
  /** Upper bound of the current age of the local state, in seconds. 0 if the process reads the store directly. */
  readonly ageSeconds: number;
  /** Number of entries in the local state. */
  readonly size: number;
  /**
   * Fill level of the store, for metrics.
   *
   * @default undefined (not reported)
   */
  readonly fill?: RevocationFill;
}

/** Merge a new entry with the stored entry of the same name, if one exists. */
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

/** Return the replacements that two entries have in common, or `undefined` if there are none. */
function mergeFolds(one?: RevocationFold, other?: RevocationFold): RevocationFold | undefined {
  if (one === undefined || other === undefined) return undefined;
  const into = one.into.filter((name) => other.into.includes(name));
  return into.length === 0 ? undefined : { into, issuedUpTo: Math.max(one.issuedUpTo, other.issuedUpTo) };
}

/** Whether a stored entry revokes all tokens of a second entry with the same name, for at least as long. */
export function coversEntry(present: RevocationEntry | undefined, other: RevocationEntry): boolean {
  if (present === undefined || present.expiresAt < other.expiresAt) return false;
  return laterCutOff(present.issuedUpTo, other.issuedUpTo) === present.issuedUpTo;
}

/** Return the later cut-off, or `undefined` (all tokens) if either entry has no cut-off. */
function laterCutOff(one?: NumericDate, other?: NumericDate): NumericDate | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}

/** Create the error for a full store. A retry can succeed once entries have expired. */
export function fullStoreError(): TemporarilyUnavailableError {
  const cause = new Error(
    'The revocation store is full of entries that cannot be folded: raise the store option maxRevocations',
  );
  return new TemporarilyUnavailableError({ retryAfterSeconds: 60, cause });
}
