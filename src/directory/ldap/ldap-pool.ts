import type { Client } from 'ldapts';
import { readPrivateFile } from '../../base/read-private-file.js';
import type { LdapServer, LdapSettings } from './ldap-options.js';
import { closeLdapConnection, LDAP_TIMEOUT_MS, openLdapConnection } from './open-ldap-connection.js';

/** Runs searches on connections of the service account. */
export interface LdapPool {
  /**
   * Run a search on a connection. If a connection that was open before turns out to be closed, run it once more on a new one.
   *
   * @throws Error (as rejection) if no server is available, or the search fails
   */
  run<Result>(search: (client: Client) => Promise<Result>): Promise<Result>;
  /** Try the servers in order, those that failed recently last, until one accepts. */
  tryServers<Result>(attempt: (server: LdapServer) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Connection with the number of its searches. */
interface Pooled {
  readonly opening: Promise<Client>;
  /** Absent until the connection is open. */
  client?: Client;
  searches: number;
}

/** Time for which a server that failed is tried last, in milliseconds. */
const AVOIDED_MS = 30_000;

/** Create the pool of a directory. A connection serves several searches at the same time (RFC 4511 §4.1.1.1). */
export function createLdapPool(settings: LdapSettings): LdapPool {
  const { servers, bindDn, bindPasswordFile, maxConnections } = settings;
  const avoidedUntil = new Map<LdapServer, number>();
  const pooled = new Set<Pooled>();
  let isClosed = false;

  const isAvoided = (server: LdapServer) => (avoidedUntil.get(server) ?? 0) > performance.now();

  const tryServers: LdapPool['tryServers'] = async (attempt) => {
    const ordered = servers.toSorted((one, other) => Number(isAvoided(one)) - Number(isAvoided(other)));
    let lastFailure: unknown;
    for (const server of ordered) {
      try {
        const result = await attempt(server);
        avoidedUntil.delete(server);
        return result;
      } catch (failure) {
        avoidedUntil.set(server, performance.now() + AVOIDED_MS);
        lastFailure = failure;
      }
    }
    throw lastFailure;
  };

  const bindService = async (): Promise<Client> => {
    const { text } = await readPrivateFile({ file: bindPasswordFile });
    const password = text.replace(/\r?\n$/, '');
    return tryServers((server) => openLdapConnection(server, settings, { dn: bindDn, password }));
  };

  const discard = (connection: Pooled): void => {
    pooled.delete(connection);
    if (connection.client !== undefined) closeLdapConnection(connection.client);
  };

  const openConnection = (): Pooled => {
    if (isClosed) throw new Error('The directory is closed');
    const connection: Pooled = { opening: bindService(), searches: 0 };
    pooled.add(connection);
    connection.opening.then(
      (client) => {
        connection.client = client;
        if (isClosed) discard(connection);
      },
      () => discard(connection),
    );
    return connection;
  };

  /** Choose the connection with the fewest searches, or open one if all are busy. */
  const chooseConnection = (): Pooled => {
    for (const connection of pooled) {
      if (connection.client?.isBound === false) discard(connection);
    }
    const [idlest] = [...pooled].sort((one, other) => one.searches - other.searches);
    const mayOpen = pooled.size < maxConnections;
    return idlest === undefined || (idlest.searches > 0 && mayOpen) ? openConnection() : idlest;
  };

  const searchOn = async <Result>(
    connection: Pooled,
    search: (client: Client) => Promise<Result>,
  ): Promise<Result> => {
    connection.searches += 1;
    try {
      const client = await connection.opening;
      // ldapts would connect again without a bind, and an anonymous search finds nobody.
      if (!client.isBound) throw new Error('The connection to the directory is closed');
      return await search(client);
    } finally {
      connection.searches -= 1;
    }
  };

  return {
    tryServers,
    async run(search) {
      const connection = chooseConnection();
      const wasOpen = connection.client !== undefined;
      const startedAt = performance.now();
      try {
        return await searchOn(connection, search);
      } catch (failure) {
        if (isServerResult(failure)) throw failure;
        discard(connection);
        // A closed connection fails at once. A slow server would be slow again.
        if (!wasOpen || performance.now() - startedAt >= LDAP_TIMEOUT_MS) throw failure;
        return searchOn(openConnection(), search);
      }
    },
    async close() {
      isClosed = true;
      for (const connection of [...pooled]) discard(connection);
    },
  };
}

/** Whether the server has answered with a result code. The connection is still usable. */
function isServerResult(failure: unknown): boolean {
  return failure instanceof Error && 'code' in failure && typeof failure.code === 'number';
}
