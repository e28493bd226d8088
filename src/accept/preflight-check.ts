import type { IncomingRequest } from '../http/incoming-request.js';
import { readFields } from '../http/read-fields.js';

/**
 * Treatment of CORS preflights: pass as anonymous requests, or require a token.
 *
 * @inline
 */
export type PreflightPolicy = 'pass' | 'reject';

const REQUIRED = ['origin', 'access-control-request-method'];
const FORBIDDEN = ['authorization', 'cookie'];

/**
 * Create a check for CORS preflights that pass without a token. A preflight has no credentials (Fetch standard, "CORS
 * protocol and credentials").
 *
 * @throws TypeError if the option `preflight` is malformed
 */
export function createPreflightCheck(
  preflight: PreflightPolicy = 'reject',
  where: string,
): (req: IncomingRequest) => boolean {
  if (preflight !== 'pass' && preflight !== 'reject')
    throw new TypeError(`${where}: preflight must be one of "pass", "reject"`);
  return (req) =>
    preflight === 'pass' &&
    req.method === 'OPTIONS' &&
    REQUIRED.every((name) => readFields(req, name).length > 0) &&
    FORBIDDEN.every((name) => readFields(req, name).length === 0);
}
