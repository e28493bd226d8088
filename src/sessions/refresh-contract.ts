import type { NumericDate } from '../base/clock.js';
import type { FamilyState, StoredFamily } from '../stores/family-store.js';
import type { NamedBinding } from './family-binding.js';
import type { PresentedToken } from './refresh-token-codec.js';

/** Initial state of a family. */
export type FamilyStart = Pick<
  FamilyState,
  'clientId' | 'subject' | 'subjectAsserted' | 'audience' | 'scope'
> & {
  /** @default a generated UUID */
  readonly sessionId?: string;
  readonly deviceId?: string;
};

/** A request of a client to use a refresh token. */
export interface RefreshRequest extends NamedBinding {
  readonly clientId: string;
  /** Whether the client sent no secret. */
  readonly isPublic: boolean;
  /** The requested scope, or an empty string if none was sent. */
  readonly requestedScope: string;
  /** Client address, for the audit log. */
  readonly ip?: string;
}

/** The client that requests an action. */
export type Requester = Pick<RefreshRequest, 'clientId' | 'ip'>;

/** Refresh-token families (RFC 9700 §4.14.2): each family has one live token, and each token is used once. */
export interface RefreshFamilies {
  /**
   * Begins a family.
   *
   * @param ip client address, for the audit log
   * @param prepare creates the access token of the response; nothing is stored if it fails
   * @returns the first refresh token and the session of the family
   */
  begin(
    start: FamilyStart,
    ip?: string,
    prepare?: (sessionId: string) => Promise<void>,
  ): Promise<{ readonly refreshToken: string; readonly sessionId: string }>;
  /**
   * Finds the family of a token of this client. It does not compare session and device: `rotate` does, after it has
   * stored a step of the family.
   *
   * @throws InvalidGrantError (as rejection) if the family is unknown, has ended, is revoked or belongs to another client
   * @throws InvalidGrantError (as rejection) if the client is public and the family is not bound to a device
   */
  find(
    presented: PresentedToken,
    request: Pick<RefreshRequest, 'clientId' | 'isPublic'>,
  ): Promise<StoredFamily>;
  /**
   * Consumes a token and returns its successor, in one step of the store.
   *
   * @param prepare creates the access token of the response, once. If it fails, the token is not consumed: a client
   *   that retries after an outage must not be treated as an attacker.
   * @throws InvalidGrantError (as rejection) if the session or device is wrong; the fifth time ends the family
   * @throws InvalidGrantError (as rejection) if the token was already consumed; this ends the family at once
   */
  rotate(presented: PresentedToken, request: RefreshRequest, prepare?: () => Promise<void>): Promise<string>;
  /**
   * The time up to which this process knows all revocations of families. Read it before `rotate` and use it as the
   * `iat` of the issued token: revocations that this process does not know yet then cover the token.
   */
  knownUpTo(): NumericDate;
  /** Finds the family of a token. Returns `undefined` if the token is not the live one of its family. */
  inspect(presented: PresentedToken): Promise<StoredFamily | undefined>;
  /**
   * Ends the session of a token and revokes its access tokens. The token names the session, so this works even if the
   * store has lost the family.
   *
   * @throws InvalidGrantError (as rejection) if the token belongs to another client
   */
  end(presented: PresentedToken, requester: Requester): Promise<void>;
}
