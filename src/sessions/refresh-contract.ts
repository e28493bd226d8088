import type { AuditOrigin } from '../audit/audit-origin.js';
import type { NumericDate } from '../base/clock.js';
import type { FamilyState, PersonReference, StoredFamily } from '../stores/family-store.js';
import type { NamedBinding } from './family-binding.js';
import type { KeyHolder, ProvenSender } from './key-binding.js';
import type { PresentedToken } from './refresh-token-codec.js';

/** Initial state of a family. */
export type FamilyStart = Pick<
  FamilyState,
  'clientId' | 'subject' | 'subjectAsserted' | 'audience' | 'scope'
> & {
  /**
   * Session ID that the client chose.
   *
   * @default a generated UUID
   */
  readonly sessionId?: string;
  /**
   * Device ID that the client chose.
   *
   * @default undefined (the family is not bound to a device)
   */
  readonly deviceId?: string;
  /**
   * Sender of the request. Its keys bind the family.
   *
   * @default {} (the family is not bound to a key)
   */
  readonly sender?: ProvenSender;
  /**
   * Person of a directory who is the subject.
   *
   * @default undefined (no directory verified the subject)
   */
  readonly person?: PersonReference;
};

/** Request of a client that uses a refresh token. */
export interface RefreshRequest extends NamedBinding, KeyHolder, AuditOrigin {
  readonly clientId: string;
  /** Requested scope, or an empty string if the request has none. */
  readonly requestedScope: string;
}

/** Client that requests an action, and its request. */
export type Requester = AuditOrigin & Pick<RefreshRequest, 'clientId'>;

/**
 * Refresh-token families with rotation (RFC 9700 §4.14.2). Each family has one current token, and each token can be
 * used once.
 */
export interface RefreshFamilies {
  /**
   * Begin a family.
   *
   * @param origin request that begins the family, for the audit log
   * @param prepare creates the access token of the response. If it fails, nothing is stored.
   * @returns the first refresh token and the session ID
   */
  begin(
    start: FamilyStart,
    origin?: AuditOrigin,
    prepare?: (sessionId: string) => Promise<void>,
  ): Promise<{ readonly refreshToken: string; readonly sessionId: string }>;
  /**
   * Find the active family of a token. It does not check the session and device IDs. `rotate()` checks them after it
   * has stored an update of the family.
   *
   * @throws InvalidGrantError (as rejection) if the family is unknown, has ended, is revoked or belongs to a different
   *   client
   * @throws InvalidGrantError (as rejection) if the client is public and the family is bound to neither a device nor a key
   * @throws InvalidGrantError (as rejection) if the refresh token is bound to a key that the request must prove and does not
   */
  find(
    presented: PresentedToken,
    request: KeyHolder & Pick<RefreshRequest, 'clientId'>,
  ): Promise<StoredFamily>;
  /**
   * Consume a token and issue its successor in one atomic update of the store. The same update binds the family to the
   * keys of the sender, unless it is already bound.
   *
   * @param prepare checks the family, which has no other update meanwhile, and creates the access token of the response.
   *   Called at most once, and not for a reused token. If it fails, the token is not consumed, so the client can retry.
   * @returns the successor; within the grace window, the same successor again
   * @throws InvalidGrantError (as rejection) if the session or device ID is wrong. The fifth wrong ID ends the family.
   * @throws InvalidGrantError (as rejection) if the token is reused after the grace window, or without the key to which
   *   its use has bound the family. The reuse ends the family.
   */
  rotate(
    presented: PresentedToken,
    request: RefreshRequest,
    prepare?: (family: StoredFamily) => Promise<void>,
  ): Promise<string>;
  /**
   * Return the time up to which this process knows all revocations of families. Read it before you call `rotate()`,
   * and issue the token with it as `iat`. Revocations that this process receives later then cover the token.
   */
  knownUpTo(): NumericDate;
  /**
   * Find the active family of a token.
   *
   * @returns `undefined` if the family is not active, or the token is not its current token
   */
  inspect(presented: PresentedToken): Promise<StoredFamily | undefined>;
  /**
   * End the session of a token and revoke its access tokens. The token contains the session ID, so the session ends
   * even if the store has lost the family.
   *
   * @throws InvalidGrantError (as rejection) if the token belongs to a different client
   */
  end(presented: PresentedToken, requester: Requester): Promise<void>;
}
