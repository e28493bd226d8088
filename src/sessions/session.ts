import type { NumericDate } from '../base/clock.js';
import { assertString } from '../base/options.js';
import type { FamilyGroup, StoredFamily } from '../stores/family-store.js';

/** A live session: the description of a refresh-token family, without any secret. */
export interface Session {
  /** Session ID. Several families can share an ID that the client chose. */
  readonly sessionId: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** A user of the API key, or the API key itself. */
  readonly subject: string;
  readonly deviceId?: string;
  readonly audience: string;
  /** Granted scope, separated by spaces. */
  readonly scope: string;
  readonly createdAt: NumericDate;
  /** Time of the last use of a refresh token, or of the first issue. */
  readonly lastUsedAt: NumericDate;
  /** Time at which the session expires unless its refresh token is used before. */
  readonly expiresAt: NumericDate;
}

/** The session that a token belongs to. */
export type CurrentSession = Pick<Session, 'subject' | 'sessionId'>;

/** Owner of sessions. */
export interface SessionOwner {
  readonly clientId: string;
  /**
   * Subject of the sessions. An explicit `undefined` throws: it usually comes from a failed look-up.
   *
   * @default every subject of the API key
   */
  readonly subject?: string;
}

export function describeSession({ state, expiresAt }: StoredFamily): Session {
  const { sessionId, clientId, subject, deviceId, audience, scope, createdAt, lastUsedAt } = state;
  return Object.freeze({
    ...{ sessionId, clientId, subject },
    ...(deviceId === undefined ? {} : { deviceId }),
    ...{ audience, scope, createdAt, lastUsedAt, expiresAt },
  });
}

/** @throws TypeError if an identity is not a non-empty string */
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

/** The families of all sessions of an owner. */
export function groupOf({ clientId, subject }: SessionOwner): FamilyGroup {
  return subject === undefined ? { kind: 'api_key', clientId } : { kind: 'subject', clientId, subject };
}
