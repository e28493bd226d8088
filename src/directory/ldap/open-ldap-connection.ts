import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Client } from 'ldapts';
import { deadline } from '../../base/deadline.js';
import { loadPeer } from '../../base/load-peer.js';
import { eraseSent } from './erase-sent.js';
import type { LdapSettings } from './ldap-options.js';
import { type LdapServer, serverNameOf } from './resolve-servers.js';

/** Connection to a server with a completed bind. */
export interface LdapConnection {
  readonly server: LdapServer;
  readonly client: Client;
  isOpen(): boolean;
  /** Close the connection, and wait until its socket is closed. Searches on the connection fail. Never rejects. */
  close(): Promise<void>;
}

/** Credentials of a simple bind. */
export interface LdapCredentials {
  readonly dn: string;
  /** Not empty: a bind without a password is anonymous, and succeeds (RFC 4513 §5.1.2). */
  readonly password: string;
}

/** Stage that a connection has reached. Without TLS, only `connected`. */
export type ConnectionStage = 'connected' | 'encrypted';

/** Maximum time of opening a connection with its bind, and of a search, each in milliseconds. */
export const LDAP_TIMEOUT_MS = 2000;

/** Firewalls drop idle connections without notice. */
const KEEP_ALIVE_MS = 60_000;

/** First octet of a length that has several octets, without their number. */
const LONG_LENGTH = 0x80;
const MAX_LENGTH_OCTETS = 4;

/** Load ldapts, an optional peer dependency. */
export const loadLdapts = () => loadPeer('ldapts', () => import('ldapts'));

/**
 * Connect to a server, secure the connection, and bind (RFC 4511 §4.2).
 *
 * @param onStage receives each stage, to explain failures
 * @throws Error (as rejection) if the server is unreachable or slow, is not the one that its certificate names, or rejects
 *   the bind
 */
export async function openLdapConnection(
  server: LdapServer,
  settings: Pick<LdapSettings, 'ca'>,
  { dn, password }: LdapCredentials,
  onStage: (stage: ConnectionStage) => void = () => {},
): Promise<LdapConnection> {
  // ldapts takes a name such as EXTERNAL for a SASL mechanism. An empty name or password makes a bind anonymous.
  if (!dn.includes('=') || password === '')
    throw new TypeError('A bind requires a distinguished name and a password');
  const { Client } = await loadLdapts();
  const sockets = createSockets(server, settings, onStage);
  const client = new Client({
    url: server.url,
    timeout: LDAP_TIMEOUT_MS,
    connectTimeout: LDAP_TIMEOUT_MS,
    createConnection: sockets.connect,
    createSecureConnection: sockets.secure,
  });
  const bind = async (): Promise<void> => {
    if (server.security === 'start-tls') await client.startTLS();
    await client.bind(dn, password);
  };
  try {
    await deadline(bind(), LDAP_TIMEOUT_MS, timedOut);
  } catch (failure) {
    sockets.destroy();
    throw failure;
  }
  return {
    server,
    client,
    isOpen: () => client.isBound && sockets.areOpen(),
    async close() {
      await client.unbind().catch(() => {});
      sockets.destroy();
    },
  };
}

/**
 * Create the sockets of one connection. ldapts would connect again without a bind after a connection is lost, and an anonymous
 * search finds no people. A second socket is therefore an error.
 */
function createSockets(
  server: LdapServer,
  { ca }: Pick<LdapSettings, 'ca'>,
  onStage: (stage: ConnectionStage) => void,
) {
  const { host, port } = server;
  let tcp: Socket | undefined;
  let tls: Socket | undefined;
  const receivedBeforeTls: Buffer[] = [];
  const tlsOptions: ConnectionOptions = {
    // NODE_TLS_REJECT_UNAUTHORIZED must not disable the check of a server that receives passwords.
    ...{ host, minVersion: 'TLSv1.2', rejectUnauthorized: true, ...serverNameOf(server) },
    ...(ca === undefined ? {} : { ca }),
  };
  return {
    connect(): Socket {
      if (tcp !== undefined || tls !== undefined)
        throw new Error('The connection to the directory is closed');
      tcp = connectTcp({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
      eraseSent(tcp);
      tcp.once('connect', () => onStage('connected'));
      if (server.security === 'start-tls') tcp.on('data', (data) => receivedBeforeTls.push(data));
      return tcp;
    },
    secure() {
      if (tls !== undefined) throw new Error('The connection to the directory is closed');
      const plain = tcp;
      if (plain !== undefined) assertSingleMessage(Buffer.concat(receivedBeforeTls));
      const secured = connectTls(
        plain === undefined ? { ...tlsOptions, port } : { ...tlsOptions, socket: plain },
      );
      eraseSent(secured);
      secured.once('connect', () => onStage('connected'));
      secured.once('secureConnect', () => onStage('encrypted'));
      secured.setKeepAlive(true, KEEP_ALIVE_MS);
      // After StartTLS, ldapts only observes the socket below TLS.
      secured.once('close', () => plain?.destroy());
      tls = secured;
      return secured;
    },
    /** Whether neither socket is closed, by this process or by the server. */
    areOpen: (): boolean => [tcp, tls].every((socket) => socket === undefined || socket.readable),
    destroy(): void {
      tls?.destroy();
      tcp?.destroy();
    },
  };
}

/**
 * Assert that a server sent only the response to StartTLS before TLS. An attacker could add the start of a message, to which ldapts
 * would append what the server sends over TLS. The result would be a forged response, for example to a bind.
 */
function assertSingleMessage(received: Buffer): void {
  // The response has less than 128 octets, or a length of several octets (X.690 §8.1.3).
  const first = received[1] ?? 0;
  const octets = first < LONG_LENGTH ? 0 : Math.min(first - LONG_LENGTH, MAX_LENGTH_OCTETS);
  const length = octets === 0 ? first : received.subarray(2).readUIntBE(0, octets);
  if (received.length !== 2 + octets + length)
    throw new Error('The server sent data between StartTLS and TLS');
}

function timedOut(): never {
  throw new Error(`The directory did not accept a connection within ${LDAP_TIMEOUT_MS} ms`);
}
