import type { ApiKey } from '../api-keys/api-key.js';
import type { Requester } from '../sessions/refresh-contract.js';

/** Describe a client for audit events, revocations and ended sessions. */
export function requesterOf({ keyId }: ApiKey, { ip }: { readonly ip?: string }): Requester {
  return { clientId: keyId, ...(ip === undefined ? {} : { ip }) };
}
