import type { Request } from 'express';

/** The client address, for the audit log. Behind a proxy, set `trust proxy`. */
export function ipOf({ ip }: Request): { readonly ip?: string } {
  return ip === undefined ? {} : { ip };
}
