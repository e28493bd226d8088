import type { NumericDate } from '../base/clock.js';
import { assertString } from '../base/options.js';
import type { FamilyGroup, StoredFamily } from '../stores/family-store.js';

/** Active session: the description of a refresh-token family, without secrets. */
export interface Session {
  /** Session ID. Several families can share a session ID that the client chose. */
  readonly sessionId: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** User of the API key, or the `key_id` of the API key itself. */
  readonly subject: string;
  /** Device ID that the client chose. */
  readonly deviceId?: string;
  /** Audience of the access tokens. */
  readonly audience: string;
  /** Granted scope as space-separated scope tokens (RFC 6749 §3.3). */
  readonly scope: string;
  /** Start of the session. */
  readonly createdAt: NumericDate;
  /** Time of the last refresh, or the start of the session if there was no refresh. */
  readonly lastUsedAt: NumericDate;
  /** Time at which the session expires if its refresh token is not used. */
  readonly expiresAt: NumericDate;
}

/** Session to which a token belongs. */
export type CurrentSession = Pick<Session, 'subject' | 'sessionId'>;

/** Owner of sessions: an API key, or one of its subjects. */
export interface SessionOwner {
  /** `key_id` of the API key. */
  readonly clientId: string;
  /**
   * Subject of the sessions. An explicit `undefined` throws TypeError, because it usually results from a failed lookup.
   *
   * @default every subject of the API key
   */
  readonly subject?: string;
}

/** Describe a refresh-token family as a session. */
export function describeSession({ state, expiresAt }: StoredFamily): Session {
  const { sessionId, clientId, subject, deviceId, audience, scope, createdAt, lastUsedAt } = state;
  return Object.freeze({
    ...{ sessionId, clientId, subject },
    ...(deviceId === undefined ? {} : { deviceId }),
    ...{ audience, scope, createdAt, lastUsedAt, expiresAt },
  });
}

/**
 * Validate the owner of sessions.
 *
 * @throws TypeError if an identity is not a non-empty string
 */
export function resolveOwner(owner: SessionOwner): SessionOwner {
  const { clientId, subject } = owner;
  assertIdentity(clientId, 'clientId');
  if (!('subject' in owner)) return { clientId };
  assertIdentity(subject, 'subject');
  return { clientId, subject };
}

export function assertIdentity(value: unknown, name: string): asserts value is string {
  assertString(value, 'sessions', name);
}

/** Return the group with the families of all sessions of an owner. */
export function groupOf({ clientId, subject }: SessionOwner): FamilyGroup {
  return subject === undefined ? { kind: 'api_key', clientId } : { kind: 'subject', clientId, subject };
}
