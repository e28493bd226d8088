import type { NumericDate } from '../base/clock.js';
import type { FamilyState, StoredFamily } from '../stores/family-store.js';
import type { NamedBinding } from './family-binding.js';
import type { PresentedToken } from './refresh-token-codec.js';

/** What a family begins with. */
export type FamilyStart = Pick<
  FamilyState,
  'clientId' | 'subject' | 'subjectAsserted' | 'audience' | 'scope'
> & {
  /** Default: one is made up. */
  readonly sessionId?: string;
  readonly deviceId?: string;
};

/** What a client says when it uses a refresh token. */
export interface RefreshRequest extends NamedBinding {
  readonly clientId: string;
  /** The client showed no secret. */
  readonly isPublic: boolean;
  /** As it was sent; empty where none was. */
  readonly requestedScope: string;
  /** Address of the client, for the audit trail. */
  readonly ip?: string;
}

/** Who gives a token up. */
export type Requester = Pick<RefreshRequest, 'clientId' | 'ip'>;

/** Refresh-token families (RFC 9700 section 4.14.2): one token of each is live, and each is used once. */
export interface RefreshFamilies {
  /**
   * Begins a family; its first token, and the session that it belongs to.
   * @param ip address of the client, for the audit trail.
   * @param prepare makes what is handed out beside the token. Nothing is stored if it fails.
   */
  begin(
    start: FamilyStart,
    ip?: string,
    prepare?: (sessionId: string) => Promise<void>,
  ): Promise<{ readonly refreshToken: string; readonly sessionId: string }>;
  /**
   * The family of a token, for this client. It does not compare session and device: `rotate` does, and stores a step
   * of the family before every answer that depends on them.
   * @throws InvalidGrantError if it belongs to another client, has ended, or is not bound to a device and the client
   *   is public.
   */
  find(
    presented: PresentedToken,
    request: Pick<RefreshRequest, 'clientId' | 'isPublic'>,
  ): Promise<StoredFamily>;
  /**
   * Consumes a token and yields its successor, in one step of the store.
   * @param prepare makes what is handed out beside the successor, once. The token is not consumed if it fails: a client
   *   that asks again after an outage must not be taken for a thief.
   * @throws InvalidGrantError if the session or the device is wrong, which is counted and ends the family at the fifth
   *   time, or if the token was consumed before, which ends it at once.
   */
  rotate(presented: PresentedToken, request: RefreshRequest, prepare?: () => Promise<void>): Promise<string>;
  /**
   * The time up to which everything is known here by which a family is revoked. Asked before `rotate`, it dates what
   * is issued afterwards: whatever is revoked meanwhile, or elsewhere and not known here yet, reaches it.
   */
  knownUpTo(): NumericDate;
  /** The family of a token that is the live one of it. */
  inspect(presented: PresentedToken): Promise<StoredFamily | undefined>;
  /**
   * Ends the session of a token that its client gives up, and the access tokens in it. The token names the session, so
   * this works even if the store has lost the family.
   * @throws InvalidGrantError (as rejection) if the token belongs to another client.
   */
  end(presented: PresentedToken, requester: Requester): Promise<void>;
}
