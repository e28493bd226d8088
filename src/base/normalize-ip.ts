import { isIP, isIPv4, isIPv6 } from 'node:net';

/** IPv4 address with a port, such as `203.0.113.8:51234`, as some proxies write in `X-Forwarded-For`. */
const IPV4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/;

/** IPv6 address in brackets, such as `[2001:db8::1]`, with or without a port. */
const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/;

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** IPv4-mapped address in the normalised form of `URL`. */
const MAPPED_GROUPS = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/;

/**
 * Normalise an IP address for audit events and limits.
 *
 * Remove the port, brackets and zone (RFC 4007 §11). Convert an IPv4-mapped address to IPv4 (RFC 4291 §2.5.5.2).
 *
 * @returns the address, or `undefined` if the text is not an IP address.
 */
export function normalizeIp(text = ''): string | undefined {
  if (isIPv4(text)) return text;
  const [, bare] = IPV4_WITH_PORT.exec(text) ?? BRACKETED.exec(text) ?? [];
  const [address = ''] = (bare ?? text).split('%', 1);
  const ip = isIPv6(address) ? unmap(address) : address;
  return isIP(ip) === 0 ? undefined : ip;
}

function unmap(address: string): string {
  const dotted = MAPPED.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  if (!/:ffff:/i.test(address)) return address;
  const groups = MAPPED_GROUPS.exec(new URL(`http://[${address}]`).hostname)?.slice(1);
  if (groups === undefined) return address;
  const bytes = groups.map((group) => Number.parseInt(group, 16)).flatMap((word) => [word >> 8, word & 0xff]);
  return bytes.join('.');
}
