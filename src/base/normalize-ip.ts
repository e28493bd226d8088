import { isIP, isIPv4, isIPv6 } from 'node:net';

/** `203.0.113.8:51234`, as some proxies write the client into `X-Forwarded-For`. */
const IPV4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/;

/** `[2001:db8::1]`, with a port or without. */
const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/;

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** As `URL` writes an IPv4-mapped address, whatever its spelling was. */
const MAPPED_GROUPS = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/;

/**
 * Reduces an address to its bare form, which audit events, limits and the throttle share: without port, brackets and
 * zone (RFC 4007 section 11), and an IPv4-mapped address as IPv4 (RFC 4291 section 2.5.5.2).
 *
 * @returns `undefined` for what is no address.
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
