import { isIPv4, isIPv6 } from 'node:net';

/**
 * Describe the octets of an IP address: one string for equal addresses. IPv4-mapped IPv6 addresses differ from IPv4
 * addresses, because certificates distinguish them (RFC 5280 §4.2.1.6).
 */
export function comparableIp(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** Parse an IPv4 or IPv6 address without zone, for a comparison. @returns `undefined` if it is malformed */
export function parseComparableIp(text: string): string | undefined {
  if (isIPv4(text)) return comparableIp(Uint8Array.from(text.split('.'), Number));
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0000');
  return [...left, ...zeros, ...right].join('');
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':').map((group) => group.padStart(4, '0'));
}
