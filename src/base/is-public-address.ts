import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { normalizeIp } from './normalize-ip.js';
import { once } from './once.js';

/** IPv4 blocks that are not globally reachable, and multicast (IANA IPv4 special-purpose registry, RFC 6890). */
const SPECIAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/** Blocks of 2000::/3 that are not globally reachable or contain an IPv4 address (IANA IPv6 registry, RFC 6890). */
const SPECIAL_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

/** IPv4 addresses in NAT64 notation (RFC 6052 §2.1), which DNS64 returns for IPv4 hosts. */
const NAT64 = /^\[64:ff9b::([\da-f]{1,4}):([\da-f]{1,4})\]$/;

const blocks = once(() => {
  const [special, unicast] = [new BlockList(), new BlockList()];
  for (const [net, prefix] of SPECIAL_IPV4) special.addSubnet(net, prefix, 'ipv4');
  for (const [net, prefix] of SPECIAL_IPV6) special.addSubnet(net, prefix, 'ipv6');
  unicast.addSubnet('2000::', 3, 'ipv6');
  return { special, unicast };
});

/**
 * Whether an IP address is globally reachable unicast (RFC 6890), so that a connection cannot reach the local network
 * or host. IPv4-mapped and NAT64 addresses count as IPv4. 6to4 and Teredo addresses are never public.
 */
export function isPublicAddress(text: string): boolean {
  const address = embeddedIpv4(normalizeIp(text) ?? '');
  const { special, unicast } = blocks();
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  return isIPv6(address) && unicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Return the IPv4 address in a NAT64 address, or the address itself. */
function embeddedIpv4(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = NAT64.exec(new URL(`http://[${address}]`).hostname)?.slice(1);
  if (groups === undefined) return address;
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.');
}
