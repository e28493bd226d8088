import type { Request } from 'express';
import { normalizeIp } from '../base/normalize-ip.js';

/**
 * Read and validate the client address in `req.ip`. With `trust proxy`, Express copies `req.ip` from a header without
 * validation.
 *
 * @returns `{}` if `req.ip` is not an IP address, for example `unknown`, or the connection is a Unix domain socket
 */
export function readIp(req: Request): { readonly ip?: string } {
  const ip = normalizeIp(req.ip);
  return ip === undefined ? {} : { ip };
}
