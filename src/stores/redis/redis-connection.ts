import { createHash } from 'node:crypto';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import { openClient, type RedisAddress } from './redis-client.js';

/** A step that Redis runs alone. The first line tells Redis 7 that it writes: no replica will run it. */
export interface LuaScript {
  readonly text: string;
  readonly sha: string;
}

export function luaScript(body: string): LuaScript {
  const text = `#!lua\n${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

type Argument = string | number;

/** One connection to Redis, or to a cluster. Whatever fails rejects with TemporarilyUnavailableError. */
export interface RedisConnection {
  call(command: string, args: readonly Argument[]): Promise<unknown>;
  run(script: LuaScript, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /** Connects to the nodes of a cluster that no command went to yet: it is the second one that would be refused. */
  warmUp(): Promise<void>;
  /** A section of `INFO`, of every primary. */
  inspect(section: string): Promise<readonly string[]>;
  /** Gives up the socket for a new one. */
  reconnect(): void;
  close(): void;
}

/**
 * Commands never wait for a connection and are never repeated: the caller is told within `commandTimeoutMs`. The
 * connection itself comes back by itself.
 * @param onDemoted told when Redis answers that it is no primary any more.
 * @throws Error where the package `ioredis` is missing.
 */
export async function openConnection(
  address: RedisAddress,
  commandTimeoutMs: number,
  onDemoted: () => void = () => {},
): Promise<RedisConnection> {
  const client = await openClient(address, commandTimeoutMs, onDemoted);
  let lastError: unknown;
  client.on('error', (error) => {
    lastError = error;
  });

  const attempt = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (cause) {
      throw new TemporarilyUnavailableError({
        cause: client.status === 'ready' ? cause : (lastError ?? cause),
      });
    }
  };
  const call = (command: string, args: readonly Argument[]): Promise<unknown> =>
    attempt(() => client.call(command, [...args]));
  const primaries = () => ('nodes' in client ? client.nodes('master') : [client]);

  return {
    call,
    async run(script, keys, args) {
      const rest = [keys.length, ...keys, ...args];
      try {
        return await call('evalsha', [script.sha, ...rest]);
      } catch (error) {
        // A server that has restarted does not know the script: nothing was done yet.
        if (!isUnknownScript(error)) throw error;
        return call('eval', [script.text, ...rest]);
      }
    },
    async warmUp() {
      if ('nodes' in client) await Promise.allSettled(primaries().map((node) => node.ping()));
    },
    inspect: (section) => attempt(() => Promise.all(primaries().map((node) => node.info(section)))),
    reconnect: () => client.disconnect(true),
    close: () => client.disconnect(),
  };
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof TemporarilyUnavailableError && messageOf(error.cause).startsWith('NOSCRIPT');
}
