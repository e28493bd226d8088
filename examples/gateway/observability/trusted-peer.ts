import type { Request } from 'express';

/** Whether the socket peer of a request, not the forwarded client address, is a proxy in `TRUST_PROXY`. */
export function isTrustedPeer({ app, socket: { remoteAddress } }: Request): boolean {
  const trust: unknown = app.get('trust proxy fn');
  return typeof trust === 'function' && remoteAddress !== undefined && trust(remoteAddress, 0) === true;
}
