import type { Client } from 'ldapts';
import type { LdapSettings } from './ldap-options.js';
import { createLdapServers, isUnavailableServer, type LdapServers } from './ldap-servers.js';
import { type LdapConnection, openLdapConnection } from './open-ldap-connection.js';
import type { LdapServer } from './resolve-servers.js';
import { createServiceCredentials } from './service-credentials.js';

/** Runs searches on connections of the service account. */
export interface LdapPool extends Pick<LdapServers, 'tryInOrder'> {
  /**
   * Run a search on a connection. If a connection that was open before breaks, run it again on another one.
   *
   * @throws Error (as rejection) if no server is available, or the search fails
   */
  run<Result>(search: (client: Client) => Promise<Result>): Promise<Result>;
  /** Close all connections, and wait until their sockets are closed and attempts have ended. */
  close(): Promise<void>;
}

/** Connection with the number of its searches. */
interface Pooled {
  readonly opening: Promise<LdapConnection>;
  /** Absent until the connection is open. */
  connection?: LdapConnection;
  /** Time from which an idle connection is replaced, because a server that is earlier in the list may be available again. */
  replacedFrom: number;
  searches: number;
}

/** Maximum age of an idle connection to a server that is not the first, in milliseconds. */
const REPLACED_AFTER_MS = 30_000;

/** Create the pool of a directory. A connection serves several searches at the same time (RFC 4511 §4.1.1.1). */
export function createLdapPool(settings: LdapSettings): LdapPool {
  const { maxConnections } = settings;
  const servers = createLdapServers(settings.servers);
  const credentials = createServiceCredentials(settings);
  const pooled = new Set<Pooled>();
  /** Attempts on other connections, such as password checks. */
  const attempts = new Set<Promise<unknown>>();
  let isClosed = false;

  const assertNotClosed = (): void => {
    if (isClosed) throw new Error('The directory is closed');
  };

  const bindService = () =>
    credentials.use((service) =>
      servers.tryInOrder((server) => openLdapConnection(server, settings, service)),
    );

  const discard = (member: Pooled): void => {
    pooled.delete(member);
    void member.connection?.close();
  };

  const openConnection = (): Pooled => {
    const member: Pooled = { opening: bindService(), replacedFrom: Infinity, searches: 0 };
    pooled.add(member);
    member.opening.then(
      (connection) => {
        member.connection = connection;
        if (connection.server !== settings.servers[0])
          member.replacedFrom = performance.now() + REPLACED_AFTER_MS;
      },
      () => discard(member),
    );
    return member;
  };

  /** Whether a connection must not receive another search. */
  const isObsolete = ({ connection, replacedFrom, searches }: Pooled): boolean =>
    connection?.isOpen() === false || (searches === 0 && performance.now() >= replacedFrom);

  /** Choose the connection with the fewest searches, or open one if all are busy. */
  const chooseConnection = (): Pooled => {
    assertNotClosed();
    for (const member of pooled) if (isObsolete(member)) discard(member);
    const [idlest] = [...pooled].sort((one, other) => one.searches - other.searches);
    const mayOpen = pooled.size < maxConnections;
    return idlest === undefined || (idlest.searches > 0 && mayOpen) ? openConnection() : idlest;
  };

  /** Close all connections to a server that broke one of them or cannot serve it. */
  const abandon = (server: LdapServer): void => {
    servers.avoid(server);
    for (const member of pooled) if (member.connection?.server === server) discard(member);
  };

  return {
    async tryInOrder(attempt) {
      assertNotClosed();
      const pending = servers.tryInOrder(attempt);
      attempts.add(pending);
      try {
        return await pending;
      } finally {
        attempts.delete(pending);
      }
    },
    async run(search) {
      for (;;) {
        const member = chooseConnection();
        const wasOpen = member.connection !== undefined;
        member.searches += 1;
        try {
          const { client } = await member.opening;
          return await search(client);
        } catch (failure) {
          const { connection } = member;
          if (connection === undefined || (connection.isOpen() && !isUnavailableServer(failure)))
            throw failure;
          abandon(connection.server);
          if (!wasOpen) throw failure;
        } finally {
          member.searches -= 1;
        }
      }
    },
    async close() {
      isClosed = true;
      const closing = [...pooled].map(async ({ opening }) => (await opening).close());
      pooled.clear();
      await Promise.allSettled([...closing, ...attempts]);
    },
  };
}
