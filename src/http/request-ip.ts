import type { Request } from 'express';
import { normalizeIp } from '../base/normalize-ip.js';

/**
 * Reads the client address: behind `trust proxy`, Express takes whatever a header says. `{}` if it is no address, for
 * example `unknown`, or if the client came through a Unix domain socket. Audit events (`createOriginReader`) and the
 * throttle (`createClientNamer`) build on it.
 */
export function readIp(req: Request): { readonly ip?: string } {
  const ip = normalizeIp(req.ip);
  return ip === undefined ? {} : { ip };
}
