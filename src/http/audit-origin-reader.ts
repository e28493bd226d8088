import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { IncomingRequest } from './incoming-request.js';
import { readIp } from './request-ip.js';

/** Pattern of request IDs. Other values are ignored, because they may come from a client. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Read the client address and the ID of a request, for audit events. */
export function readAuditOrigin(req: IncomingRequest): AuditOrigin {
  return auditOrigin({ ...readIp(req), requestId: readRequestId(req) });
}

/**
 * Read the ID that the application assigned to a request: the response header `X-Request-Id`, or `req.id`, which pino-http
 * sets. Headers of the request are not read, because the client controls them.
 *
 * @returns `undefined` if there is no ID, or it is not 1 to 128 visible ASCII characters
 */
export function readRequestId(req: IncomingRequest): string | undefined {
  const assigned = readResponseHeader(Reflect.get(req, 'res')) ?? Reflect.get(req, 'id');
  const id: unknown = typeof assigned === 'number' ? String(assigned) : assigned;
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}

function readResponseHeader(res: unknown): unknown {
  const getHeader: unknown = typeof res === 'object' && res !== null && Reflect.get(res, 'getHeader');
  return typeof getHeader === 'function' ? getHeader.call(res, 'x-request-id') : undefined;
}
