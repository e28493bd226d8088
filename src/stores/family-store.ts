import type { JsonObject } from '../claims/json.js';
import type { NumericDate } from '../clock.js';

/** A refresh-token family as stores keep it. */
export interface FamilyRecord {
  /** Up to 200 characters, well-formed. */
  readonly id: string;
  /** What `sessions/` knows of it, opaque to stores: digests and sealed text, never a token. */
  readonly state: JsonObject;
  /** When the family ends by itself, and may be forgotten. */
  readonly expiresAt: NumericDate;
}

/** A family as it was read; `replace` knows by the revision whether it still is as it was. */
export interface StoredFamily extends FamilyRecord {
  readonly revision: number;
}

/**
 * Where refresh-token families are kept, each as one record that changes in one atomic step: a rotation consumes
 * the old token and inserts its successor by one `replace`, and the loser of a race is told.
 * Every method rejects with TemporarilyUnavailableError where the store is full or out of reach. What was asked may
 * then have been done or not; asking again is safe, since a second `replace` of one revision never succeeds.
 */
export interface FamilyStore {
  /** Keeps a new family, as durable as the driver promises. `false` where there is one of that id already. */
  insert(family: FamilyRecord): Promise<boolean>;
  /** The family, unless it is unknown or has expired. */
  find(id: string): Promise<StoredFamily | undefined>;
  /**
   * Puts a family in the place of the one that was read. `false`, and nothing is written, where another step came
   * first or there is none any more.
   */
  replace(family: StoredFamily): Promise<boolean>;
}
