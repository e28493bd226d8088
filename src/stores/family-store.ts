import type { NumericDate } from '../base/clock.js';

/** State of a refresh-token family. It contains token digests and one encrypted token, but no plaintext token. */
export type FamilyState = {
  /** `key_id` of the API key. Subject, session and device IDs are unique only within an API key. */
  readonly clientId: string;
  /** Subject of the refresh tokens. */
  readonly subject: string;
  /** Whether the client asserted a user as the subject. If false, the subject is the API key itself. */
  readonly subjectAsserted: boolean;
  /** `session_id` of the tokens, unique within an API key. */
  readonly sessionId: string;
  /** Whether the client chose the session ID. If true, every refresh request must contain the ID. */
  readonly sessionChosen: boolean;
  /** Device to which the refresh tokens are bound. */
  readonly deviceId?: string;
  /**
   * Thumbprint of the key to which the refresh tokens are bound (RFC 9449 §5). Set once, and never changed.
   *
   * @default undefined (not bound to a key)
   */
  readonly jkt?: string;
  /**
   * SHA-256 thumbprint of the certificate to which the refresh tokens are bound (RFC 8705 §4). Set once, and never
   * changed.
   *
   * @default undefined (not bound to a certificate)
   */
  readonly x5t?: string;
  /**
   * Person of a directory who is the subject. Each refresh checks the person.
   *
   * @default undefined (no directory verified the subject)
   */
  readonly person?: PersonReference;
  /**
   * Time at which a directory first reported that the person is absent.
   *
   * @default undefined (the person was present at the last check)
   */
  readonly absentSince?: NumericDate;
  /** Audience of the access tokens. */
  readonly audience: string;
  /** Granted scopes, separated by spaces (RFC 6749 §3.3). */
  readonly scope: string;
  /** Start of the family, in seconds since 1970. */
  readonly createdAt: NumericDate;
  /** Time of the last refresh, in seconds since 1970. */
  readonly lastUsedAt: NumericDate;
  /** Absolute expiry of the family. A refresh does not extend it. */
  readonly endsAt: NumericDate;
  /** Digest of the current refresh token. */
  readonly current: string;
  /** The previous refresh token. A client that sends it twice concurrently receives the current token both times. */
  readonly parent?: ConsumedToken;
  /**
   * Number of refresh requests with a wrong session or device. Never reset.
   *
   * @default 0
   */
  readonly wrongBindings?: number;
  /**
   * Reason why the family ended. Its record remains stored, so a concurrent refresh cannot reactivate the family.
   *
   * @default undefined (the family is active)
   */
  readonly ended?: 'reused' | 'revoked' | 'guessed';
};

/**
 * Person of a directory.
 *
 * @inline
 */
export type PersonReference = {
  /** Name of the directory in the option `directories` of `tokenRouter()`. */
  readonly directory: string;
  /** Immutable ID of the person. */
  readonly id: string;
};

/**
 * A used refresh token that a successor has replaced.
 *
 * @inline
 */
export interface ConsumedToken {
  /** Digest of the consumed token. */
  readonly digest: string;
  /** The successor, encrypted under the consumed token and an issuer key. Erased after the grace window. */
  readonly sealedSuccessor?: string;
  /** `kid` of the issuer key that encrypts the successor. */
  readonly sealingKid?: string;
  /** Requested scopes, separated by spaces. Empty if the request had no `scope` parameter. */
  readonly requestedScope: string;
  /** Time of its use, in seconds since 1970. */
  readonly consumedAt: NumericDate;
}

/** Stored record of a refresh-token family. Its client, subject and session never change. */
export interface FamilyRecord {
  /** Family ID: up to 200 characters of well-formed Unicode. The client, subject and session have the same limit. */
  readonly id: string;
  /** State of the family. */
  readonly state: FamilyState;
  /** Expiry of the record. The store may delete the record afterwards. */
  readonly expiresAt: NumericDate;
}

/** A family with its revision. `replace` compares the revision to detect concurrent changes. */
export interface StoredFamily extends FamilyRecord {
  /** Revision of the record, for compare-and-swap. */
  readonly revision: number;
}

/** Full identifier of a family. Family IDs are unique only within an API key. */
export interface FamilyName {
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** Family ID. */
  readonly id: string;
}

/** Selection of families for `list`: by API key, by subject or by session. */
export type FamilyGroup =
  | {
      /** All families of an API key. */
      readonly kind: 'api_key';
      /** `key_id` of the API key. */
      readonly clientId: string;
    }
  | {
      /** Families of one subject of an API key. */
      readonly kind: 'subject';
      /** `key_id` of the API key. */
      readonly clientId: string;
      /** Subject of the refresh tokens. */
      readonly subject: string;
    }
  | {
      /** Families of one session of an API key. */
      readonly kind: 'session';
      /** `key_id` of the API key. */
      readonly clientId: string;
      /** `session_id` of the tokens, unique within an API key. */
      readonly sessionId: string;
    };

/** Position and size of a page of families. */
export interface FamilyPageRequest {
  /** Maximum number of families on the page, from 1 to 1000. */
  readonly limit: number;
  /**
   * The `next` value of the previous page.
   *
   * @default undefined (the first page)
   */
  readonly after?: string;
}

/** One page of families. */
export interface FamilyPage {
  /** Up to `limit` families. The page may be short or empty even if a next page exists. */
  readonly families: readonly StoredFamily[];
  /** Cursor of the next page: pass it as `after`. Absent on the last page. */
  readonly next?: string;
}

/**
 * Stores refresh-token families, one record each. A token rotation is one atomic `replace`, which consumes the old
 * token and stores its successor. If two rotations race, the second resolves with `false`. The index for `list` changes
 * in the same transaction.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is full or unavailable. If a write rejects,
 * it may still have taken effect. A retry is safe, because a second `replace` of the same revision never succeeds.
 */
export interface FamilyStore {
  /** Store a new family, as durably as the driver promises. Resolve with `false` if the ID is already in use. */
  insert(family: FamilyRecord): Promise<boolean>;
  /** Return a family, or `undefined` if it is unknown or expired. */
  find(name: FamilyName): Promise<StoredFamily | undefined>;
  /**
   * Replace a family and increment its revision. Resolve with `false` and write nothing if the stored revision
   * differs, or if the family no longer exists.
   */
  replace(family: StoredFamily): Promise<boolean>;
  /**
   * List the active families of a group, one page at a time. Exclude ended and expired families, and read no
   * families outside the group. Pages are ordered by family ID only. A family that remains active appears on exactly
   * one page, even if it is replaced between two reads.
   * @throws TypeError (as rejection) if the limit is not an integer from 1 to 1000.
   */
  list(group: FamilyGroup, page: FamilyPageRequest): Promise<FamilyPage>;
}
