import { isIP } from 'node:net';
import type { Request } from 'express';

/**
 * The address of the client, where it is one: behind `trust proxy`, Express takes whatever a header says. Without its zone
 * (RFC 4007 section 11), which may be any text.
 */
export function readIp(req: Request): { readonly ip?: string } {
  const [ip = ''] = req.ip?.split('%', 1) ?? [];
  return isIP(ip) === 0 ? {} : { ip };
}
