import type { ApiKey } from '../api-keys/api-key.js';
import type { Requester } from '../sessions/refresh-contract.js';

/** The client as audit events, revocations and ends of sessions name it. */
export function requesterOf({ keyId }: ApiKey, { ip }: { readonly ip?: string }): Requester {
  return { clientId: keyId, ...(ip === undefined ? {} : { ip }) };
}
