import { createHash } from 'node:crypto';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import { openClient, type RedisAddress } from './redis-client.js';

/** A Lua script. Its shebang line declares it as a write script in Redis 7, so replicas reject it. */
export interface LuaScript {
  readonly text: string;
  readonly sha: string;
}

export function luaScript(body: string): LuaScript {
  const text = `#!lua\n${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

type Argument = string | number;

/** A connection to Redis or a Redis Cluster. Failed commands reject with `TemporarilyUnavailableError`. */
export interface RedisConnection {
  call(command: string, args: readonly Argument[]): Promise<unknown>;
  run(script: LuaScript, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /**
   * Connect to all primaries of a cluster. Otherwise, the first command to each node would fail, because commands do
   * not wait for a connection.
   */
  warmUp(): Promise<void>;
  /** Return an `INFO` section from every primary. */
  inspect(section: string): Promise<readonly string[]>;
  /** Close the socket and open a new one. */
  reconnect(): void;
  close(): void;
}

/**
 * Open a connection that reconnects automatically. Commands are neither queued nor retried, and settle within
 * `commandTimeoutMs`.
 *
 * @param onDemoted called if Redis replies that it is no longer a primary.
 * @throws Error (as rejection) if the package `ioredis` is missing.
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
        // A restarted server has an empty script cache. The script has not run, so a second attempt is safe.
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
