import { isIPv4 } from 'node:net';
import { normalizeIp } from './normalize-ip.js';

/** Number of complete 16-bit groups in a /56 prefix. The prefix also contains the upper byte of the next group. */
const WHOLE_GROUPS = 3;

/**
 * Return the address block to which a client's limits apply: the address itself for IPv4, or its /56 prefix for IPv6.
 *
 * Many providers assign a /56 to each customer (RFC 6177). An IPv4-mapped address counts as IPv4 (RFC 4291 §2.5.5.2).
 */
export function addressBlock(ip: string): string {
  const address = normalizeIp(ip) ?? ip;
  if (isIPv4(address)) return address;
  const groups = expand(address);
  const half = (groups[WHOLE_GROUPS] ?? 0) & 0xff00;
  return `${[...groups.slice(0, WHOLE_GROUPS), half].map((group) => group.toString(16)).join(':')}::/56`;
}

/** Expand an IPv6 address to eight groups. Ignore IPv4 notation in the last two, which no /56 prefix includes. */
function expand(address: string): readonly number[] {
  const [left = '', right] = address.split('::', 2);
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16) || 0);
  const [head, tail] = [parse(left), parse(right ?? '')];
  return [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0), ...tail];
}
