import type { Request } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { readAuditOrigin } from '../http/audit-origin-reader.js';
import { createRequestSlot } from '../http/request-slot.js';
import type { Requester } from '../sessions/refresh-contract.js';
import { requesterOf } from './requester-of.js';
import type { Workload } from './workloads/workload.js';

/** Client of a token request. */
export interface Client {
  readonly apiKey: ApiKey;
  /** Whether the client sent its `client_id` without a secret (RFC 6749 §2.1). */
  readonly isPublic: boolean;
  /** Whether the certificate of the TLS connection authenticates the client (RFC 8705 §2). Default: false. */
  readonly isCertified?: true;
  /** Verified workload identity whose JWT authenticates the client (RFC 7523 §2.1). */
  readonly workload?: Workload;
}

/** Client of a request, set by `authenticateClient()` or `authenticateOrIdentifyClient()`. */
export const clientSlot = createRequestSlot<Client>();

/** Describe the client of a request for audit events, revocations and ended sessions. */
export function requesterOfRequest(req: Request): Requester {
  return requesterOf(clientSlot.get(req).apiKey, readAuditOrigin(req));
}

/** Describe the client for the audit event of a rejected request. An unauthenticated client has no ID. */
export function describeClient(req: Request) {
  const client = clientSlot.read(req);
  if (client === undefined) return readAuditOrigin(req);
  const asserted = client.isPublic ? { clientAsserted: true as const } : {};
  return { ...requesterOf(client.apiKey, readAuditOrigin(req)), ...asserted };
}
