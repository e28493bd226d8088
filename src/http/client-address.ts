import type { Request } from 'express';
import type { AuditEvent } from '../audit/events.js';
import type { AuditTrail } from '../audit/record.js';
import { addressBlock } from '../base/address-block.js';
import { normalizeIp } from '../base/normalize-ip.js';
import { readIp } from './request-ip.js';

/** Headers by which proxies name the client. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'];

/** All clients without an address count as one. */
const UNKNOWN = 'unknown';

const UNKNOWN_WARNING =
  'A client has no IP address (req.ip); clients without an address share one limit of failed authentications. ' +
  'Behind a Unix domain socket or a proxy, set "trust proxy" of Express so that req.ip is the client address';

const UNTRUSTED_WARNING =
  'A request with forwarding headers came from a peer that Express does not trust; if it is a proxy, all its clients ' +
  'share one limit of failed authentications. Set "trust proxy" of Express to your proxies';

/** Names what a client is counted as: the block of its address, or one name for all clients without an address. */
export type ClientNamer = (req: Request) => string;

/**
 * Warns once each, by an audit event and a process warning, of clients without an address and of forwarding headers
 * from a peer that `trust proxy` does not cover.
 */
export function createClientNamer(audit: AuditTrail): ClientNamer {
  const warned = new Set<AuditEvent['type']>();

  const warnOnce = (event: AuditEvent, message: string, code: string): void => {
    if (warned.has(event.type)) return;
    warned.add(event.type);
    process.emitWarning(message, { code });
    audit.record(event).catch(() => {});
  };

  return (req) => {
    const { ip } = readIp(req);
    if (isForwardedByUntrusted(req)) {
      const peer = normalizeIp(req.socket.remoteAddress);
      const event = { type: 'proxy.untrusted', ...(peer === undefined ? {} : { ip: peer }) } as const;
      warnOnce(event, UNTRUSTED_WARNING, 'PASSPORT_JWE_TRUST_PROXY');
    }
    if (ip !== undefined) return addressBlock(ip);
    // A connection that has closed has no address any more, which says nothing about the configuration.
    if (!req.socket.destroyed) {
      warnOnce({ type: 'client_address.unknown' }, UNKNOWN_WARNING, 'PASSPORT_JWE_CLIENT_ADDRESS');
    }
    return UNKNOWN;
  };
}

function isForwardedByUntrusted(req: Request): boolean {
  if (!FORWARDING_HEADERS.some((name) => req.headers[name] !== undefined)) return false;
  const trust: unknown = req.app.get('trust proxy fn');
  return typeof trust === 'function' && trust(req.socket.remoteAddress, 0) !== true;
}
