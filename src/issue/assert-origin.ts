import type { AuditOrigin } from '../audit/audit-origin.js';
import { assertString } from '../base/options.js';

/**
 * Assert that the client address and the request ID of a call are strings, if present.
 *
 * @param where function that takes them, for the error message
 * @throws TypeError if one is not a non-empty string
 */
export function assertOrigin({ ip, requestId }: AuditOrigin, where: string): void {
  if (ip !== undefined) assertString(ip, where, 'ip', '192.0.2.1');
  if (requestId !== undefined) assertString(requestId, where, 'requestId', 'req_1');
}
