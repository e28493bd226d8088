import type { NumericDate } from '../base/clock.js';
import { assertString } from '../base/options.js';
import type { FamilyGroup, StoredFamily } from '../stores/family-store.js';

/** A session that is live: a refresh-token family, without anything that could be used in its place. */
export interface Session {
  /** Where the client chose it, several families may share it. */
  readonly sessionId: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** A user of the API key, or the key itself. */
  readonly subject: string;
  readonly deviceId?: string;
  readonly audience: string;
  /** What was granted, separated by spaces. */
  readonly scope: string;
  readonly createdAt: NumericDate;
  /** When its refresh token was used last, or issued. */
  readonly lastUsedAt: NumericDate;
  /** When it ends unless it is used before. */
  readonly expiresAt: NumericDate;
}

/** The session that a token belongs to. */
export type CurrentSession = Pick<Session, 'subject' | 'sessionId'>;

/** Whose sessions. */
export interface SessionOwner {
  readonly clientId: string;
  /** Default: every subject of the API key. An explicit `undefined` is an error: it was looked for and not found. */
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

/** @throws TypeError for what is no identity. */
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
