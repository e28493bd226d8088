import type { JsonObject } from '../base/json.js';

/**
 * State of a person's account. `disabled` and `expired` are final until an administrator acts, so their sessions end.
 * `locked` and `password_expired` pass, so their sessions stay.
 */
export type PersonState = 'active' | 'disabled' | 'expired' | 'locked' | 'password_expired';

/** A person as the directory describes it. */
export interface DirectoryPerson {
  /** Immutable ID of the entry, for example its `entryUUID`. It outlives renames and moves, and is never assigned again. */
  readonly id: string;
  /** Distinguished name of the entry (RFC 4514). */
  readonly dn: string;
  /** Name with which the person signs in. */
  readonly name: string;
  /** State of the account. */
  readonly state: PersonState;
  /** Distinguished names of all groups, with nested ones. */
  readonly groups: readonly string[];
  /** Custom claims from the attributes that the directory may disclose. */
  readonly claims: JsonObject;
}

/** Result of a sign-in with a password. */
export type DirectorySignIn =
  | {
      /** The password is correct, and the account is active. */
      readonly kind: 'authenticated';
      /** Person who signed in. */
      readonly person: DirectoryPerson;
    }
  | {
      /** The person may not sign in. Tell all people the same, so that a sign-in page does not reveal names. */
      readonly kind: 'rejected';
      /** Reason for the rejection: an unknown name, a wrong password, or the state of the account. */
      readonly reason: 'unknown' | 'password' | Exclude<PersonState, 'active'>;
    };

/**
 * Directory of people, for example `ldapDirectory()`.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the directory is unreachable, or its answer is incomplete. Only a
 * complete answer tells that a person is absent.
 */
export interface Directory {
  /** Find the person who signs in with a name. Servers ignore the case of a name, so several spellings find one person. */
  findByName(name: string): Promise<DirectoryPerson | undefined>;
  /**
   * Find a person by the immutable ID, also after a rename. The token router looks up the nil UUID (RFC 9562 §5.9) to find
   * out whether the directory answers.
   */
  findById(id: string): Promise<DirectoryPerson | undefined>;
  /** Check a password, for sign-in pages. The token endpoint never receives passwords of people. */
  authenticate(name: string, password: string): Promise<DirectorySignIn>;
  /**
   * Whether the directory answered the last request. Use it in readiness probes. It is `false` before the first request. While
   * it is `false`, each call starts a request in the background, whose result the next calls return.
   */
  isReady(): boolean;
  /** Close all connections, after password checks have ended. Do not use the directory afterwards. */
  close(): Promise<void>;
}
