import { BlockList, isIP, isIPv4 } from 'node:net';
import { createFifoCache } from './fifo-cache.js';
import { normalizeIp } from './normalize-ip.js';

/** Set of IP addresses and address blocks. */
export interface AddressSet {
  /** Whether an address is in the set. An IPv4-mapped address counts as IPv4. `undefined` is never in the set. */
  has(address: string | undefined): boolean;
}

/**
 * Minimum prefix length of a block. The largest private networks are 10.0.0.0/8 (RFC 1918 §3) and fc00::/7 (RFC 4193
 * §3.1). A shorter prefix includes addresses of other networks.
 */
const MIN_PREFIX = { ipv4: 8, ipv6: 7 } as const;

const MAX_PREFIX = { ipv4: 32, ipv6: 128 } as const;

/** Maximum number of addresses whose membership is cached. A check of the blocks takes several microseconds. */
const MAX_CACHED = 1000;

/**
 * Create a set from IP addresses and blocks in CIDR notation (RFC 4632 §3.1).
 *
 * @param name function and option for the error message
 * @throws TypeError if the list is empty, or an entry is malformed or contains addresses of foreign networks
 */
export function createAddressSet(entries: unknown, name: string): AddressSet {
  const blocks = new BlockList();
  const isList = Array.isArray(entries) && entries.length > 0;
  if (!isList || !entries.every((entry) => addEntry(blocks, entry))) {
    throw new TypeError(
      `${name} must be a non-empty array of IP addresses and CIDR blocks with a prefix of at least ${MIN_PREFIX.ipv4} (IPv4) or ${MIN_PREFIX.ipv6} (IPv6), for example ["10.0.3.0/24", "::1"]`,
    );
  }
  const known = createFifoCache<string, boolean>(MAX_CACHED);
  const contains = (address: string): boolean => {
    const ip = normalizeIp(address);
    return ip !== undefined && blocks.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
  };
  return {
    has(address) {
      if (address === undefined) return false;
      const cached = known.get(address);
      if (cached !== undefined) return cached;
      const isMember = contains(address);
      known.set(address, isMember);
      return isMember;
    },
  };
}

/** Add an entry to the blocks. @returns `false` if the entry is malformed or too large */
function addEntry(blocks: BlockList, entry: unknown): boolean {
  if (typeof entry !== 'string') return false;
  const [address = '', prefix, ...others] = entry.split('/');
  const ip = isIP(address) === 0 ? undefined : normalizeIp(address);
  if (ip === undefined || others.length > 0) return false;
  const family = isIPv4(ip) ? 'ipv4' : 'ipv6';
  if (prefix === undefined) {
    blocks.addAddress(ip, family);
    return true;
  }
  // The prefix of an IPv4-mapped address would count from a different bit.
  const isNative = isIPv4(ip) === isIPv4(address);
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  const isBlock = isNative && length >= MIN_PREFIX[family] && length <= MAX_PREFIX[family];
  if (isBlock) blocks.addSubnet(ip, length, family);
  return isBlock;
}
