import type { NumericDate } from '../clock.js';

/** One thing that is revoked: every token that bears its name, or those issued up to a cut-off. */
export interface RevocationEntry {
  /** What is revoked; made by `revocation/`, opaque to stores. */
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
   * @returns a promise that resolves once the entry is in force, and as durable as the driver promises.
   * @throws TemporarilyUnavailableError (as rejection) where it cannot be kept: the store is full or out of
   *   reach. What it holds stays in force.
   */
  add(entry: RevocationEntry): Promise<void>;
  /**
   * The entry of a name, from what this process knows, without waiting for anything. One that has expired
   * may still be found.
   * @throws TemporarilyUnavailableError where what this process knows is too old to decide.
   */
  find(name: string): RevocationEntry | undefined;
  /** How many entries this process knows. */
  readonly size: number;
  /** Lets go of files and connections; nothing may be called afterwards. */
  close(): Promise<void>;
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

/** None at all reaches furthest. */
function laterCutOff(one?: NumericDate, other?: NumericDate): NumericDate | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other);
}
