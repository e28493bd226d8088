import { isIPv4 } from 'node:net';
import { normalizeIp } from './normalize-ip.js';

/** Groups of an IPv6 address that lie whole in a block of 56 bits; of the next one the upper half does. */
const WHOLE_GROUPS = 3;

/**
 * What an address is counted as: an IPv4 address by itself, also where it is mapped into IPv6 (RFC 4291 section
 * 2.5.5.2), and an IPv6 address by its block of 56 bits, which is what one customer is commonly given (RFC 6177).
 */
export function addressBlock(ip: string): string {
  const address = normalizeIp(ip) ?? ip;
  if (isIPv4(address)) return address;
  const groups = expand(address);
  const half = (groups[WHOLE_GROUPS] ?? 0) & 0xff00;
  return `${[...groups.slice(0, WHOLE_GROUPS), half].map((group) => group.toString(16)).join(':')}::/56`;
}

/** The eight groups of an IPv6 address. The last two may be written as IPv4; they are in no block. */
function expand(address: string): readonly number[] {
  const [left = '', right] = address.split('::', 2);
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16) || 0);
  const [head, tail] = [parse(left), parse(right ?? '')];
  return [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0), ...tail];
}
