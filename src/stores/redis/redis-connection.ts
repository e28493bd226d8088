import { createHash } from 'node:crypto';
import type { Cluster, RedisOptions } from 'ioredis';
import { TemporarilyUnavailableError } from '../../errors.js';
import { loadPeer } from '../load-peer.js';
import { messageOf } from '../message-of.js';

/** Those of ioredis, but for what is decided here: when it reconnects, when it gives up, and how it answers. */
export type RedisClientOptions = Omit<
  RedisOptions,
  | 'autoResendUnfulfilledCommands'
  | 'commandTimeout'
  | 'connectTimeout'
  | 'enableOfflineQueue'
  | 'himportFieldsets'
  | 'keyPrefix'
  | 'maxRetriesPerRequest'
  | 'readOnly'
  | 'replyMapping'
  | 'retryStrategy'
  | 'socketTimeout'
>;

export interface RedisAddress {
  /** `redis://` or, with TLS, `rediss://`. Several are nodes of one Redis Cluster. */
  readonly url: string | readonly string[];
  /** More options of ioredis, such as `tls` or `sentinels`. */
  readonly options?: RedisClientOptions;
}

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
  close(): void;
}

/** A socket that is silent for so long, though an answer is due, is given up for a new one. */
const SOCKET_TIMEOUT_MS = 1000;

/** How long a socket may take to end in order when it is closed. */
const DISCONNECT_TIMEOUT_MS = 100;

/** Longest pause between two attempts to connect. */
const MAX_RETRY_DELAY_MS = 250;

/**
 * Commands never wait for a connection and are never repeated: the caller is told within `commandTimeoutMs`. The
 * connection itself comes back by itself.
 * @throws Error where the package `ioredis` is missing.
 */
export async function openConnection(
  address: RedisAddress,
  commandTimeoutMs: number,
): Promise<RedisConnection> {
  const ioredis = await loadPeer('ioredis', () => import('ioredis'));
  const options = {
    ...address.options,
    commandTimeout: commandTimeoutMs,
    socketTimeout: Math.max(SOCKET_TIMEOUT_MS, 2 * commandTimeoutMs),
    connectTimeout: SOCKET_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: MAX_RETRY_DELAY_MS,
  };
  const { url } = address;
  const client =
    typeof url === 'string'
      ? new ioredis.Redis(url, { ...options, enableOfflineQueue: false, retryStrategy: retryDelay })
      : openCluster(ioredis.Cluster, url, options);

  let lastError: unknown;
  client.on('error', (error) => {
    lastError = error;
  });

  const call = async (command: string, args: readonly Argument[]): Promise<unknown> => {
    try {
      return await client.call(command, [...args]);
    } catch (cause) {
      throw new TemporarilyUnavailableError({
        cause: client.status === 'ready' ? cause : (lastError ?? cause),
      });
    }
  };

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
      const nodes = client instanceof ioredis.Cluster ? client.nodes('master') : [];
      await Promise.allSettled(nodes.map((node) => node.ping()));
    },
    close: () => client.disconnect(),
  };
}

function openCluster(
  ClusterClient: typeof Cluster,
  urls: readonly string[],
  options: RedisClientOptions,
): Cluster {
  const { username, password, protocol } = new URL(urls[0] ?? '');
  return new ClusterClient([...urls], {
    enableOfflineQueue: false,
    clusterRetryStrategy: retryDelay,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: SOCKET_TIMEOUT_MS,
    redisOptions: {
      ...options,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: options.tls ?? {} } : {}),
    },
  });
}

function retryDelay(attempt: number): number {
  return Math.min(25 * attempt, MAX_RETRY_DELAY_MS);
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof TemporarilyUnavailableError && messageOf(error.cause).startsWith('NOSCRIPT');
}
