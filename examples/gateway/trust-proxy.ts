import { isIPv4, isIPv6 } from 'node:net';

/** Value for Express's `trust proxy`: the number of proxies in front of the gateway, or their addresses and subnets. */
export type TrustedProxies = number | readonly string[];

/** Names of private address ranges in Express. */
const RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Minimum prefix lengths, as in the largest private subnets: 10.0.0.0/8 and fc00::/7. */
const WIDEST = { ipv4: 8, ipv6: 7 };

const MESSAGE =
  'TRUST_PROXY must be the number of proxies in front of the gateway (1 to 9), or a comma-separated list of their ' +
  'addresses and subnets, for example 10.0.0.0/8. true is not allowed, because clients could then forge their address';

/**
 * Parses `TRUST_PROXY`.
 *
 * @throws Error if the value is malformed or would trust all clients.
 */
export function readTrustedProxies(value: string | undefined): TrustedProxies | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^[1-9]$/.test(text)) return Number(text);
  const proxies = text.split(',').map((proxy) => proxy.trim());
  if (!proxies.every(isProxy)) throw new Error(MESSAGE);
  return proxies;
}

function isProxy(proxy: string): boolean {
  if (RANGES.has(proxy)) return true;
  const [address = '', prefix, ...others] = proxy.split('/');
  if (others.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return false;
  if (isIPv4(address)) return isWithin(prefix, WIDEST.ipv4, 32);
  // An IPv4-mapped subnet such as ::ffff:0:0/96 would include all IPv4 addresses.
  return isIPv6(address) && !/:ffff:|%/i.test(address) && isWithin(prefix, WIDEST.ipv6, 128);
}

function isWithin(prefix: string | undefined, least: number, most: number): boolean {
  return prefix === undefined || (Number(prefix) >= least && Number(prefix) <= most);
}
