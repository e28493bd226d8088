import type { Request } from 'express';
import { auditOrigin } from '../audit/audit-origin.js';
import type { AuditEvent } from '../audit/events.js';
import type { AuditTrail } from '../audit/record.js';
import { addressBlock } from '../base/address-block.js';
import { normalizeIp } from '../base/normalize-ip.js';
import { readRequestId } from './audit-origin-reader.js';
import { readIp } from './request-ip.js';

/** Headers in which proxies forward the client address. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'];

/** Limit key that all clients without an address share. */
const UNKNOWN = 'unknown';

const UNKNOWN_WARNING =
  'A client has no IP address (req.ip). All clients without an address share one limit on failed authentications. ' +
  'Behind a Unix domain socket or a proxy, set "trust proxy" in Express, which derives req.ip from forwarding headers';

const UNTRUSTED_WARNING =
  'A request with forwarding headers came from a peer that Express does not trust. If the peer is a proxy, all its ' +
  'clients share one limit on failed authentications: set "trust proxy" in Express to the addresses of your proxies';

/** Returns the limit key of a client: its address block, or a shared key if it has no address. */
export type ClientNamer = (req: Request) => string;

/**
 * Create a client namer that also detects two configuration mistakes: clients without an address, and forwarding
 * headers from a peer that `trust proxy` does not cover. It reports each mistake once, by an audit event and a process
 * warning.
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
      const origin = auditOrigin({ ip: peer, requestId: readRequestId(req) });
      const event = { type: 'proxy.untrusted', ...origin } as const;
      warnOnce(event, UNTRUSTED_WARNING, 'PASSPORT_JWE_TRUST_PROXY');
    }
    if (ip !== undefined) return addressBlock(ip);
    // A closed connection has no address either, but that is not a configuration mistake.
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
