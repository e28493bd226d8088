import type { ApiKey } from '../api-keys/api-key.js';
import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { Requester } from '../sessions/refresh-contract.js';

/** Describe a client for audit events, revocations and ended sessions. */
export function requesterOf({ keyId }: ApiKey, origin: AuditOrigin): Requester {
  return { clientId: keyId, ...auditOrigin(origin) };
}
