import type { AuditOrigin } from '../../audit/audit-origin.js';
import type { AuditTrail } from '../../audit/record.js';
import type { Clock } from '../../base/clock.js';
import type { Revocations } from '../../revocation/revocations-contract.js';
import { endSessions } from '../../sessions/end-sessions.js';
import type { FamilyStore } from '../../stores/family-store.js';

/** Dependencies of `endPerson()`. */
export interface EndPersonParts {
  /** Refresh token families. `undefined` if the router has no refresh tokens. */
  readonly families: FamilyStore | undefined;
  /** Revocations for the access tokens. `undefined` if the router has none. */
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Person whose sessions at one client end. */
export interface EndedPerson {
  readonly clientId: string;
  readonly subject: string;
  /** Request that caused the end, for the audit log. */
  readonly origin: AuditOrigin;
}

/**
 * End all sessions of a person at one client, and revoke the access tokens.
 *
 * @returns the number of ended families
 * @throws TemporarilyUnavailableError (as rejection) if a store is unavailable
 */
export async function endPerson(
  { families, revocations, audit, clock }: EndPersonParts,
  { clientId, subject, origin }: EndedPerson,
): Promise<number> {
  const target = { kind: 'subject', clientId, subject } as const;
  if (families === undefined) {
    await revocations?.revoke(target, undefined, origin, 'access_tokens');
    return 0;
  }
  return endSessions(
    { store: families, revocations, audit, clock },
    { target, families: { group: target, isMeant: () => true }, requestedBy: undefined, origin },
  );
}
