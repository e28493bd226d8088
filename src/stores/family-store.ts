import type { NumericDate } from '../base/clock.js';

/** State of a refresh-token family. It contains digests and an encrypted token, never a token in plaintext. */
export type FamilyState = {
  /** `key_id` of the API key that the family belongs to. The identities below are unique only per API key. */
  readonly clientId: string;
  readonly subject: string;
  /** Whether the subject is a user that the API key asserted. */
  readonly subjectAsserted: boolean;
  readonly sessionId: string;
  /** Whether the client chose the session ID. It then sends the ID with each use. */
  readonly sessionChosen: boolean;
  readonly deviceId?: string;
  readonly audience: string;
  /** Granted scope, separated by spaces. */
  readonly scope: string;
  readonly createdAt: NumericDate;
  readonly lastUsedAt: NumericDate;
  /** When the family ends, regardless of use. */
  readonly endsAt: NumericDate;
  /** Digest of the current refresh token. */
  readonly current: string;
  /** The previous refresh token, for clients that send it twice concurrently. */
  readonly parent?: ConsumedToken;
  /** Number of uses that named another session or device. Never reset. Default: 0. */
  readonly wrongBindings?: number;
  /** Why the family ended. The record is kept so that a concurrent step cannot revive it. */
  readonly ended?: 'reused' | 'revoked' | 'guessed';
};

/** A refresh token that was replaced by the current one. */
export interface ConsumedToken {
  readonly digest: string;
  /** The current token, encrypted under the consumed token and a key of the issuer. Erased after the grace window. */
  readonly sealedSuccessor?: string;
  /** `kid` of the issuer's key. */
  readonly sealingKid?: string;
  /** The requested scope; empty if the client requested none. */
  readonly requestedScope: string;
  readonly consumedAt: NumericDate;
}

/** A refresh-token family as stores keep it. Its client, subject and session never change. */
export interface FamilyRecord {
  /** Up to 200 characters, well-formed Unicode. The same applies to the client, the subject and the session. */
  readonly id: string;
  readonly state: FamilyState;
  /** When the family expires and the store may delete it. */
  readonly expiresAt: NumericDate;
}

/** A family, with the revision that was read. `replace` compares the revision to detect concurrent changes. */
export interface StoredFamily extends FamilyRecord {
  readonly revision: number;
}

/** Identifies a family. */
export interface FamilyName {
  readonly clientId: string;
  readonly id: string;
}

/** Families with the same API key, subject or session. */
export type FamilyGroup =
  | { readonly kind: 'api_key'; readonly clientId: string }
  | { readonly kind: 'subject'; readonly clientId: string; readonly subject: string }
  | { readonly kind: 'session'; readonly clientId: string; readonly sessionId: string };

export interface FamilyPageRequest {
  /** Maximum number of families on the page, 1 to 1000. */
  readonly limit: number;
  /** The `next` value of the previous page. Default: the first page. */
  readonly after?: string;
}

export interface FamilyPage {
  /** May be shorter than `limit`, or empty, even if there is a next page. */
  readonly families: readonly StoredFamily[];
  /** Pass it as `after` to read the next page. Absent on the last page. */
  readonly next?: string;
}

/**
 * Stores refresh-token families. Each family is one record that changes atomically: a rotation consumes the old token
 * and inserts its successor with one `replace`, and the loser of a race gets `false`. The index for `list` changes in
 * the same step.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is full or unavailable. The step may have been
 * carried out nevertheless. A retry is safe, because a second `replace` of the same revision never succeeds.
 */
export interface FamilyStore {
  /** Stores a new family, as durably as the driver promises. Resolves with `false` if the ID is already taken. */
  insert(family: FamilyRecord): Promise<boolean>;
  /** Returns the family, or `undefined` if it is unknown or has expired. */
  find(name: FamilyName): Promise<StoredFamily | undefined>;
  /**
   * Replaces the family that was read and increments its revision. Resolves with `false`, and writes nothing, if the
   * family has changed since or no longer exists.
   */
  replace(family: StoredFamily): Promise<boolean>;
  /**
   * Lists the active families of a group, neither ended nor expired, one page at a time. It reads no other families.
   * The order depends on the IDs only: a family that stays active while the pages are read is on exactly one page,
   * even if it is replaced meanwhile.
   * @throws TypeError (as rejection) if the limit is not an integer from 1 to 1000.
   */
  list(group: FamilyGroup, page: FamilyPageRequest): Promise<FamilyPage>;
}
