import { isIP } from 'node:net';
import type { Request } from 'express';

/** The address of the client, where it is one: behind `trust proxy`, Express takes whatever a header says. */
export function readIp(req: Request): { readonly ip?: string } {
  return req.ip !== undefined && isIP(req.ip) !== 0 ? { ip: req.ip } : {};
}
