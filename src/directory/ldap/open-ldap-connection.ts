import type { ConnectionOptions } from 'node:tls';
import type { Client } from 'ldapts';
import { deadline } from '../../base/deadline.js';
import { loadPeer } from '../../base/load-peer.js';
import { type LdapServer, type LdapSettings, serverNameOf } from './ldap-options.js';

/** Maximum time of a connection attempt, of a bind and of a search, each in milliseconds. */
export const LDAP_TIMEOUT_MS = 2000;

/** Load ldapts, an optional peer dependency. */
export const loadLdapts = () => loadPeer('ldapts', () => import('ldapts'));

/**
 * Connect to a server, secure the connection, and bind (RFC 4511 §4.2).
 *
 * @param password not empty: a bind without a password is anonymous, and succeeds (RFC 4513 §5.1.2)
 * @throws Error (as rejection) if the server is unreachable or slow, is not the one that its certificate names, or rejects
 *   the bind
 */
export async function openLdapConnection(
  server: LdapServer,
  { ca }: Pick<LdapSettings, 'ca'>,
  { dn, password }: { readonly dn: string; readonly password: string },
): Promise<Client> {
  if (password === '')
    throw new TypeError('ldapDirectory: a bind requires a password: check bindPasswordFile');
  const { Client } = await loadLdapts();
  const tls: ConnectionOptions = {
    ...{ host: server.host, minVersion: 'TLSv1.2', ...serverNameOf(server) },
    ...(ca === undefined ? {} : { ca }),
  };
  const client = new Client({
    url: server.url,
    timeout: LDAP_TIMEOUT_MS,
    connectTimeout: LDAP_TIMEOUT_MS,
    ...(server.security === 'ldaps' ? { tlsOptions: tls } : {}),
  });
  try {
    if (server.security === 'start-tls') await deadline(client.startTLS(tls), LDAP_TIMEOUT_MS, timedOut);
    await client.bind(dn, password);
    return client;
  } catch (failure) {
    closeLdapConnection(client);
    throw failure;
  }
}

/** Close a connection. Failures are ignored, because the connection is not used again. */
export function closeLdapConnection(client: Client): void {
  client.unbind().catch(() => {});
}

function timedOut(): never {
  throw new Error(`The directory did not complete StartTLS within ${LDAP_TIMEOUT_MS} ms`);
}
