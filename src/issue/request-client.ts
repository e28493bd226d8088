import type { Request } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { readIp } from '../http/request-ip.js';
import { createRequestSlot } from '../http/request-slot.js';
import type { Requester } from '../sessions/refresh-contract.js';
import { requesterOf } from './requester-of.js';

/** The client that sent a request. */
export interface Client {
  readonly apiKey: ApiKey;
  /** Whether it sent its `client_id` without a secret (RFC 6749 §2.1). */
  readonly isPublic: boolean;
}

/** The client of a request, filled by the middleware that authenticates or identifies it. */
export const clientSlot = createRequestSlot<Client>();

/** The authenticated or identified client of a request, as audit events, revocations and ends of sessions name it. */
export function requesterOfRequest(req: Request): Requester {
  return requesterOf(clientSlot.get(req).apiKey, readIp(req));
}

/** The client as audit events of rejected requests name it: only by its address if it did not authenticate. */
export function describeClient(req: Request) {
  const client = clientSlot.read(req);
  if (client === undefined) return readIp(req);
  const asserted = client.isPublic ? { clientAsserted: true as const } : {};
  return { ...requesterOf(client.apiKey, readIp(req)), ...asserted };
}
