import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { loadPeer } from '../../base/load-peer.js';

/** Address of Redis: one or more URLs, or an existing ioredis client. */
export type RedisAddress =
  | {
      /**
       * URL with the scheme `redis://`, or `rediss://` for TLS. An array lists nodes of a Redis Cluster. One node is
       * sufficient, because the client discovers the others.
       */
      readonly url: string | readonly string[];
      /**
       * Further options of ioredis, for example `tls` or `sentinels`. Options for reconnection, timeouts and replies are
       * not allowed, because the stores set them.
       *
       * @default undefined (no further options)
       */
      readonly options?: Omit<
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
      /** Not allowed with `url`. */
      readonly client?: never;
    }
  | {
      /**
       * `Redis` or `Cluster` instance of ioredis 5 or 6. The stores open separate connections with its address,
       * credentials, TLS and Sentinel settings. They neither use nor close the client itself.
       */
      readonly client: Redis | Cluster;
      /** Not allowed with `client`. */
      readonly url?: never;
      /** Not allowed with `client`. */
      readonly options?: never;
    };

type RedisClientOptions = NonNullable<RedisAddress['options']>;

/** Timeout for connecting, and minimum timeout for a pending reply, in milliseconds. */
const SOCKET_TIMEOUT_MS = 1000;

/** Timeout for closing a socket gracefully, in milliseconds. */
const DISCONNECT_TIMEOUT_MS = 100;

/** Maximum delay between two connection attempts, in milliseconds. */
const MAX_RETRY_DELAY_MS = 250;

/**
 * Open an ioredis client with the timeouts and the reconnection strategy of the stores.
 *
 * @param onDemoted called if Redis replies that it is no longer a primary. The client then reconnects.
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

/** Overrides for a duplicated client. The original settings could change key names or replies. */
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
  // `duplicate` copies all settings that are not overridden here.
  const redisOptions = { ...options, ...node };
  return client.duplicate([], { ...CLUSTER, keyPrefix, lazyConnect, scaleReads: 'master', redisOptions });
}

/** Return the options for all nodes of a cluster, with the credentials and TLS setting of the first URL. */
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
 * Create the ioredis option `reconnectOnError`. After a failover, a connection may still point to the old primary,
 * which is now a replica. A new connection resolves the address again. Reconnects are rate-limited, because the address
 * may still be outdated.
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

/** Whether the server is a replica: it rejects writes (`READONLY`), or has lost its primary (`MASTERDOWN`). */
function isDemotion({ message }: Error): boolean {
  return /^(READONLY|MASTERDOWN)\b/.test(message);
}

function retryDelay(attempt: number): number {
  return Math.min(25 * attempt, MAX_RETRY_DELAY_MS);
}
