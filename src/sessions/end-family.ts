import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { AuditEvent } from '../audit/events.js';
import type { AuditTrail } from '../audit/record.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import type { FamilyName, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';

/**
 * Maximum number of attempts to update a family. An attempt fails only if a concurrent update succeeds, and no regular
 * client uses a token this often at the same time.
 */
export const MAX_ATTEMPTS = 64;

export interface FamilyEndParts {
  readonly store: FamilyStore;
  readonly audit: AuditTrail;
}

/**
 * End a family by replacing it with a tombstone, and retry if a concurrent update wins. Does nothing if the family
 * is unknown or has already ended.
 *
 * @param origin request that caused the end, for the audit log
 * @throws TemporarilyUnavailableError (as rejection) if concurrent updates won all attempts
 */
export async function endFamily(parts: FamilyEndParts, name: FamilyName, origin: AuditOrigin): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const family = await parts.store.find(name);
    const isOver = family === undefined || family.state.ended !== undefined;
    if (isOver || (await entombFamily(parts, family, { reason: 'revoked', origin }))) return;
  }
  throw lostRaces();
}

/** Reason for the end of a family, and the request that caused it. */
export interface FamilyEnd {
  readonly reason: NonNullable<FamilyState['ended']>;
  readonly origin: AuditOrigin;
}

/**
 * Replace a family with a tombstone, which concurrent uses detect.
 *
 * @returns `false` if a concurrent update won
 */
export async function entombFamily(
  { store, audit }: FamilyEndParts,
  family: StoredFamily,
  { reason, origin }: FamilyEnd,
): Promise<boolean> {
  const { parent: _, ...state } = family.state;
  if (!(await store.replace({ ...family, state: { ...state, ended: reason } }))) return false;
  await audit.record({ type: 'session.ended', ...identifyFamily(family, origin), reason });
  return true;
}

/** Create the error for an update that lost against concurrent updates in all attempts. */
export function lostRaces(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `Concurrent updates of one refresh-token family won ${MAX_ATTEMPTS} attempts: retry later`,
    ),
  });
}

type SessionEvent = Extract<AuditEvent, { readonly familyId: string }>;

/** Return the fields that identify a family in an audit event. */
export function identifyFamily(
  { id, state }: Pick<StoredFamily, 'id' | 'state'>,
  origin: AuditOrigin,
): Omit<SessionEvent, 'type' | 'reason'> {
  const { clientId, subject, sessionId, deviceId } = state;
  return {
    ...{ familyId: id, clientId, subject, sessionId },
    ...(deviceId === undefined ? {} : { deviceId }),
    ...auditOrigin(origin),
  };
}
