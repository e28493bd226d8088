import { isIP } from 'node:net';
import { parseUrl } from '../../base/parse-url.js';

/** A server with the parameters of its connections. */
export interface LdapServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly security: 'ldaps' | 'start-tls' | 'none';
}

/** Name of the function in messages about its options. */
export const WHERE = 'ldapDirectory';

const LDAP_PORT = 389;
const LDAPS_PORT = 636;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/**
 * Resolve the servers of `ldapDirectory()`.
 *
 * @throws TypeError if a URL is malformed, or its connections would be without TLS
 */
export function resolveServers({
  url,
  startTls = false,
}: {
  readonly url: string | readonly string[];
  readonly startTls?: boolean;
}): readonly LdapServer[] {
  if (typeof startTls !== 'boolean')
    throw new TypeError(`${WHERE}: startTls must be a boolean: set true or false`);
  const urls = [url].flat();
  if (urls.length === 0) throw new TypeError(`${WHERE}: url must not be empty: list at least one server`);
  return urls.map((each) => resolveServer(each, startTls));
}

function resolveServer(text: string, startTls: boolean): LdapServer {
  const url = parseUrl(text);
  const isLdap = url?.protocol === 'ldap:' || url?.protocol === 'ldaps:';
  if (url === undefined || !isLdap || url.hostname === '' || !isServerAlone(url)) {
    throw new TypeError(
      `${WHERE}: url must contain only the scheme, host and port, for example "ldaps://ldap.example.com"`,
    );
  }
  const { protocol, hostname } = url;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isSecure = protocol === 'ldaps:';
  const server = { url: text, host, port: Number(url.port || (isSecure ? LDAPS_PORT : LDAP_PORT)) };
  if (isSecure) return { ...server, security: 'ldaps' };
  if (startTls) return { ...server, security: 'start-tls' };
  if (LOOPBACK.test(hostname)) return { ...server, security: 'none' };
  throw new TypeError(
    `${WHERE}: url must use TLS, because passwords are sent: use an ldaps URL, or set startTls to true`,
  );
}

function isServerAlone({ username, password, pathname, search, hash }: URL): boolean {
  return username + password + search + hash === '' && (pathname === '' || pathname === '/');
}

/** Server name for TLS. SNI contains no addresses (RFC 6066 §3). */
export function serverNameOf({ host }: LdapServer): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}
