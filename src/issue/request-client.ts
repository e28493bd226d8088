import type { Request } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { readIp } from '../http/request-ip.js';
import { createRequestSlot } from '../http/request-slot.js';
import type { Requester } from '../sessions/refresh-contract.js';

/** The client that sent a request. */
export interface Client {
  readonly apiKey: ApiKey;
  /** Whether it showed no secret and merely names itself (RFC 6749 §2.1). */
  readonly isPublic: boolean;
}

/** The client of a request, once a step has authenticated or identified it. */
export const clientSlot = createRequestSlot<Client>();

/** The client as revocations and ends of sessions name who requested them. */
export function requesterOf(req: Request): Requester {
  return { clientId: clientSlot.get(req).apiKey.keyId, ...readIp(req) };
}

/** The client as audit events of rejected requests name it; by its address alone if it did not authenticate. */
export function describeClient(req: Request) {
  const client = clientSlot.read(req);
  return {
    ...(client === undefined ? {} : { clientId: client.apiKey.keyId }),
    ...(client?.isPublic === true ? { clientAsserted: true as const } : {}),
    ...readIp(req),
  };
}
