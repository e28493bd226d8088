import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { loadPeer } from '../../base/load-peer.js';

/** Options of ioredis, except reconnection, timeouts and reply format, which passport-jwe sets. */
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

/** Address of Redis: a URL, or a client of the application whose settings are used for separate connections. */
export type RedisAddress =
  | {
      /**
       * A `redis://` URL or, with TLS, a `rediss://` URL. One node of a Redis Cluster is enough: the others are
       * discovered. Several URLs are nodes of one cluster.
       */
      readonly url: string | readonly string[];
      /** More options of ioredis, such as `tls` or `sentinels`. */
      readonly options?: RedisClientOptions;
      readonly client?: never;
    }
  | {
      /**
       * A `Redis` or `Cluster` object of ioredis 5 or 6. Its address, credentials, TLS and Sentinel settings are used
       * for separate connections. The client itself is neither used nor closed.
       */
      readonly client: Redis | Cluster;
      readonly url?: never;
      readonly options?: never;
    };

/** Minimum time without an expected answer after which a socket is replaced. */
const SOCKET_TIMEOUT_MS = 1000;

/** Time for a socket to close gracefully. */
const DISCONNECT_TIMEOUT_MS = 100;

/** Maximum pause between two connection attempts. */
const MAX_RETRY_DELAY_MS = 250;

/**
 * Opens a separate client.
 * @param onDemoted called when Redis answers that it is no longer a primary. The client reconnects.
 * @throws Error (as rejection) if the package `ioredis` is missing.
 */
export async function openClient(
  address: RedisAddress,
  commandTimeoutMs: number,
  onDemoted: () => void,
): Promise<Redis | Cluster> {
  const options = {
    ...address.options,
    commandTimeout: commandTimeoutMs,
    socketTimeout: Math.max(SOCKET_TIMEOUT_MS, 2 * commandTimeoutMs),
    connectTimeout: SOCKET_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: MAX_RETRY_DELAY_MS,
    reconnectOnError: reconnectOnDemotion(address, onDemoted),
  };
  if (address.client !== undefined) return duplicateClient(address.client, options);
  const ioredis = await loadPeer('ioredis', () => import('ioredis'));
  const { url } = address;
  if (typeof url === 'string') return new ioredis.Redis(url, { ...options, ...STANDALONE });
  return new ioredis.Cluster([...url], { ...CLUSTER, redisOptions: nodeOptions(url, options) });
}

const STANDALONE = { enableOfflineQueue: false, retryStrategy: retryDelay };

const CLUSTER: ClusterOptions = {
  enableOfflineQueue: false,
  clusterRetryStrategy: retryDelay,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  slotsRefreshTimeout: SOCKET_TIMEOUT_MS,
};

/** Resets settings of the application that would change key names, replies or their timing. */
const UNDONE = {
  keyPrefix: '',
  lazyConnect: false,
  readOnly: false,
  protocol: 2,
  replyMapping: 'legacy',
} as const;

function duplicateClient(client: Redis | Cluster, options: RedisOptions): Redis | Cluster {
  if (!('nodes' in client)) return client.duplicate({ ...options, ...UNDONE, ...STANDALONE });
  const { keyPrefix, lazyConnect, ...node } = UNDONE;
  // `duplicate` keeps all settings of the application that are not overridden here.
  const redisOptions = { ...options, ...node };
  return client.duplicate([], { ...CLUSTER, keyPrefix, lazyConnect, scaleReads: 'master', redisOptions });
}

/** All nodes of a cluster use the credentials and TLS of the first URL. */
function nodeOptions(urls: readonly string[], options: RedisClientOptions): RedisClientOptions {
  const { username, password, protocol } = new URL(urls[0] ?? '');
  return {
    ...options,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: options.tls ?? {} } : {}),
  };
}

/**
 * After a failover, the connection may still lead to the old primary, which answers that it is a replica. A new
 * connection resolves the address again. Reconnects are rate-limited, because the address may still be outdated.
 */
function reconnectOnDemotion(address: RedisAddress, onDemoted: () => void) {
  const own = reconnectOnErrorOf(address);
  let lastAt = Number.NEGATIVE_INFINITY;

  return (error: Error): boolean | 1 | 2 => {
    if (!isDemotion(error)) return typeof own === 'function' ? own(error) : false;
    const now = performance.now();
    if (now - lastAt < MAX_RETRY_DELAY_MS) return false;
    lastAt = now;
    onDemoted();
    return true;
  };
}

function reconnectOnErrorOf({ client, options }: RedisAddress): RedisOptions['reconnectOnError'] {
  if (client === undefined) return options?.reconnectOnError;
  return 'nodes' in client ? client.options.redisOptions?.reconnectOnError : client.options.reconnectOnError;
}

/** `READONLY` is a replica's answer to a write, `MASTERDOWN` its answer to any command without a primary. */
function isDemotion({ message }: Error): boolean {
  return /^(READONLY|MASTERDOWN)\b/.test(message);
}

function retryDelay(attempt: number): number {
  return Math.min(25 * attempt, MAX_RETRY_DELAY_MS);
}
