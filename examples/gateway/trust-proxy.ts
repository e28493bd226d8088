import { isIPv4, isIPv6 } from 'node:net';

/** Value of `trust proxy` of Express: how many proxies are in front, or their addresses and subnets. */
export type TrustedProxies = number | readonly string[];

/** Names that Express has for private ranges. */
const RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Wider subnets would trust clients themselves: the widest private ones are 10.0.0.0/8 and fc00::/7. */
const WIDEST = { ipv4: 8, ipv6: 7 };

const MESSAGE =
  'TRUST_PROXY must be the number of proxies in front (1 to 9) or a list of their addresses and subnets with commas ' +
  'between them, as 10.0.0.0/8; true is not possible, because any client could then choose its own address';

/**
 * Reads `TRUST_PROXY`.
 * @throws Error for what would trust everybody, or is no proxy.
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
  // An IPv4-mapped subnet such as ::ffff:0:0/96 would be all of IPv4.
  return isIPv6(address) && !/:ffff:|%/i.test(address) && isWithin(prefix, WIDEST.ipv6, 128);
}

function isWithin(prefix: string | undefined, least: number, most: number): boolean {
  return prefix === undefined || (Number(prefix) >= least && Number(prefix) <= most);
}
