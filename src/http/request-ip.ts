import { normalizeIp } from '../base/normalize-ip.js';
import type { IncomingRequest } from './incoming-request.js';

/**
 * Read and validate the client address in `req.ip`. With `trust proxy`, Express copies `req.ip` from a header without
 * validation.
 *
 * @returns `{}` if `req.ip` is not an IP address, for example `unknown`, or the connection is a Unix domain socket
 */
export function readIp(req: IncomingRequest): { readonly ip?: string } {
  const ip = normalizeIp(req.ip);
  return ip === undefined ? {} : { ip };
}
