import { EntryError } from './read-entry.js';
import type { LdapServer } from './resolve-servers.js';

/** Servers of a directory in the order of their availability. */
export interface LdapServers {
  /**
   * Try the servers in order, those that failed recently last, until one answers. An error of a server, such as a rejected
   * password, is an answer.
   *
   * @throws Error (as rejection) the error that the server answered, or the last failure if none is available
   */
  tryInOrder<Result>(attempt: (server: LdapServer) => Promise<Result>): Promise<Result>;
  /** Try a server last for half a minute. */
  avoid(server: LdapServer): void;
}

/** Time for which a server that failed is tried last, in milliseconds. */
const AVOIDED_MS = 30_000;

/** Result codes `busy` and `unavailable` (RFC 4511 §4.1.9). */
const BUSY = 51;
const UNAVAILABLE = 52;

/** Keep the order of servers. */
export function createLdapServers(servers: readonly LdapServer[]): LdapServers {
  const avoidedUntil = new Map<LdapServer, number>();

  const isAvoided = (server: LdapServer) => (avoidedUntil.get(server) ?? 0) > performance.now();
  const avoid = (server: LdapServer) => void avoidedUntil.set(server, performance.now() + AVOIDED_MS);

  return {
    avoid,
    async tryInOrder(attempt) {
      const ordered = servers.toSorted((one, other) => Number(isAvoided(one)) - Number(isAvoided(other)));
      let lastFailure: unknown;
      for (const server of ordered) {
        try {
          const result = await attempt(server);
          avoidedUntil.delete(server);
          return result;
        } catch (failure) {
          const isAnswer = failure instanceof EntryError || resultCodeOf(failure) !== undefined;
          if (isAnswer && !isUnavailableServer(failure)) throw failure;
          avoid(server);
          lastFailure = failure;
        }
      }
      throw lastFailure;
    },
  };
}

/** Whether a server answered that it cannot serve requests now. Another server may. */
export function isUnavailableServer(failure: unknown): boolean {
  const code = resultCodeOf(failure);
  return code === BUSY || code === UNAVAILABLE;
}

/** Result code that a server answered (RFC 4511 §4.1.9). `undefined` if it did not answer. */
export function resultCodeOf(failure: unknown): number | undefined {
  const isResult = failure instanceof Error && 'code' in failure && typeof failure.code === 'number';
  return isResult ? Number(failure.code) : undefined;
}
