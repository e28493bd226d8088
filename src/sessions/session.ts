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
 * @param where method that takes the owner, for the error messages
 * @throws TypeError if an identity is not a non-empty string
 */
export function resolveOwner(owner: SessionOwner, where: string): SessionOwner {
  const { clientId, subject } = owner;
  assertString(clientId, where, 'clientId', 'demo');
  if (!('subject' in owner)) return { clientId };
  assertString(subject, where, 'subject', 'alice');
  return { clientId, subject };
}

/** Assert that a session ID is a non-empty string. @throws TypeError that names the method and the option. */
export function assertSessionId(value: unknown, where: string, name: string): asserts value is string {
  assertString(value, where, name, '018f6a1e-6f2b-7c3d-9a4e-5b6c7d8e9f00');
}

/** Return the group with the families of all sessions of an owner. */
export function groupOf({ clientId, subject }: SessionOwner): FamilyGroup {
  return subject === undefined ? { kind: 'api_key', clientId } : { kind: 'subject', clientId, subject };
}
