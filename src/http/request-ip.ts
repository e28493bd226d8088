import type { Request } from 'express';
import { normalizeIp } from '../base/normalize-ip.js';

/**
 * Reads the client address from `req.ip`. With `trust proxy`, Express takes it from a header without validation. Audit
 * events (`createOriginReader`) and the throttle (`createClientNamer`) use it.
 *
 * @returns `{}` if `req.ip` is not an address, for example `unknown`, or the connection is a Unix domain socket.
 */
export function readIp(req: Request): { readonly ip?: string } {
  const ip = normalizeIp(req.ip);
  return ip === undefined ? {} : { ip };
}
