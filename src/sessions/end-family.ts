import type { AuditEvent } from '../audit/events.js';
import type { AuditTrail } from '../audit/record.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import type { FamilyName, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';

/**
 * Bound of attempts. Each lost race means that another step won; no client has this many concurrent uses of a token.
 */
export const MAX_ATTEMPTS = 64;

export interface FamilyEndParts {
  readonly store: FamilyStore;
  readonly audit: AuditTrail;
}

/**
 * Ends a family by replacing it with a tombstone, despite concurrent uses. An unknown family has already ended.
 *
 * @param ip address of the client that requested it, for the audit log
 * @throws TemporarilyUnavailableError (as rejection) if concurrent uses won all attempts
 */
export async function endFamily(parts: FamilyEndParts, name: FamilyName, ip?: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const family = await parts.store.find(name);
    const isOver = family === undefined || family.state.ended !== undefined;
    if (isOver || (await entombFamily(parts, family, { reason: 'revoked', ip }))) return;
  }
  throw lostRaces();
}

/** Why a family ends, and the address of the client that caused it. */
export interface FamilyEnd {
  readonly reason: NonNullable<FamilyState['ended']>;
  readonly ip: string | undefined;
}

/** Leaves a tombstone, so that concurrent uses see the end. Returns `false` if another step came first. */
export async function entombFamily(
  { store, audit }: FamilyEndParts,
  family: StoredFamily,
  { reason, ip }: FamilyEnd,
): Promise<boolean> {
  const { parent: _, ...state } = family.state;
  if (!(await store.replace({ ...family, state: { ...state, ended: reason } }))) return false;
  await audit.record({ type: 'session.ended', ...identifyFamily(family, ip), reason });
  return true;
}

export function lostRaces(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error('Too many concurrent uses of one refresh token'),
  });
}

type SessionEvent = Extract<AuditEvent, { readonly familyId: string }>;

/** A family as audit events identify it. */
export function identifyFamily(
  { id, state }: Pick<StoredFamily, 'id' | 'state'>,
  ip: string | undefined,
): Omit<SessionEvent, 'type' | 'reason'> {
  const { clientId, subject, sessionId, deviceId } = state;
  return {
    ...{ familyId: id, clientId, subject, sessionId },
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(ip === undefined ? {} : { ip }),
  };
}
