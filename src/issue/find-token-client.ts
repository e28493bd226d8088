import type { IncomingMessage } from 'node:http';
import { clientSlot } from './request-client.js';

/**
 * Return the `key_id` of the client of a request to the token router, for example for an access log.
 *
 * @returns `undefined` if the router has not authenticated or identified a client
 *
 * @example
 * const clientId = findVerifiedToken(req)?.claims.client_id ?? findTokenClient(req);
 */
export function findTokenClient(req: IncomingMessage): string | undefined {
  return clientSlot.read(req)?.apiKey.keyId;
}
