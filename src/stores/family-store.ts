import type { NumericDate } from '../base/clock.js';

/** What is known of a refresh-token family: digests and sealed text, never a token. */
export type FamilyState = {
  /** `key_id` of the API key to which it belongs; the identities below count only together with it. */
  readonly clientId: string;
  readonly subject: string;
  /** The subject is a user that the API key asserted. */
  readonly subjectAsserted: boolean;
  readonly sessionId: string;
  /** The client chose the session itself, and names it again at each use. */
  readonly sessionChosen: boolean;
  readonly deviceId?: string;
  readonly audience: string;
  /** What was granted, separated by spaces. */
  readonly scope: string;
  readonly createdAt: NumericDate;
  readonly lastUsedAt: NumericDate;
  /** When it ends however often it is used. */
  readonly endsAt: NumericDate;
  /** Digest of the one refresh token that is live. */
  readonly current: string;
  /** The token before it, for clients that use it twice at once. */
  readonly parent?: ConsumedToken;
  /** Uses of its tokens that named another session or device. Never reset. Default: 0. */
  readonly wrongBindings?: number;
  /** It is over; kept so that nothing that races with its end brings it back. */
  readonly ended?: 'reused' | 'revoked' | 'guessed';
};

/** A refresh token that was replaced by the live one. */
export interface ConsumedToken {
  readonly digest: string;
  /** The live token, sealed under the consumed token and a key of the issuer. Erased after the grace window. */
  readonly sealedSuccessor?: string;
  /** `kid` of that key. */
  readonly sealingKid?: string;
  /** The requested scope; empty if the client requested none. */
  readonly requestedScope: string;
  readonly consumedAt: NumericDate;
}

/** A refresh-token family as stores keep it. Its client, subject and session stay what they were at first. */
export interface FamilyRecord {
  /** Up to 200 characters, well-formed, as are the client, the subject and the session. */
  readonly id: string;
  readonly state: FamilyState;
  /** When the family ends by itself, and may be forgotten. */
  readonly expiresAt: NumericDate;
}

/** A family as it was read; `replace` knows by the revision whether it still is as it was. */
export interface StoredFamily extends FamilyRecord {
  readonly revision: number;
}

/** By what a family is found. */
export interface FamilyName {
  readonly clientId: string;
  readonly id: string;
}

/** Families that have something in common: the API key, the subject, or the session. */
export type FamilyGroup =
  | { readonly kind: 'api_key'; readonly clientId: string }
  | { readonly kind: 'subject'; readonly clientId: string; readonly subject: string }
  | { readonly kind: 'session'; readonly clientId: string; readonly sessionId: string };

export interface FamilyPageRequest {
  /** Most families on the page, 1 to 1000. */
  readonly limit: number;
  /** `next` of the page before. Default: the first page is asked for. */
  readonly after?: string;
}

export interface FamilyPage {
  /** May be fewer than were asked for, or none, though there is a next page. */
  readonly families: readonly StoredFamily[];
  /** Where the next page begins; none after the last one. */
  readonly next?: string;
}

/**
 * Where refresh-token families are kept, each as one record that changes in one atomic step: a rotation consumes
 * the old token and inserts its successor by one `replace`, and the loser of a race is told. Where a family is listed
 * changes in the same step.
 * Every method rejects with TemporarilyUnavailableError where the store is full or out of reach. What was asked may
 * then have been done or not; asking again is safe, since a second `replace` of one revision never succeeds.
 */
export interface FamilyStore {
  /** Keeps a new family, as durable as the driver promises. `false` where there is one of that id already. */
  insert(family: FamilyRecord): Promise<boolean>;
  /** The family, unless it is unknown or has expired. */
  find(name: FamilyName): Promise<StoredFamily | undefined>;
  /**
   * Puts a family in the place of the one that was read; its revision grows by one. `false`, and nothing is written, where another step came
   * first or there is none any more.
   */
  replace(family: StoredFamily): Promise<boolean>;
  /**
   * The families of a group that are live, neither ended nor expired, a page at a time and without a look at others.
   * They come in an order that their ids alone decide: one that is live from the first page to the last is on exactly
   * one of them, however often it is replaced meanwhile.
   * @throws TypeError (as rejection) for a limit that is none.
   */
  list(group: FamilyGroup, page: FamilyPageRequest): Promise<FamilyPage>;
}
