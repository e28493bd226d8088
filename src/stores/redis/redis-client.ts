import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { loadPeer } from '../../base/load-peer.js';

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

/** Where Redis is: an address, or a client of the application, whose settings our own connections take over. */
export type RedisAddress =
  | {
      /**
       * `redis://` or, with TLS, `rediss://`. A node of a Redis Cluster leads to all of them; several URLs are nodes of
       * one cluster.
       */
      readonly url: string | readonly string[];
      /** More options of ioredis, such as `tls` or `sentinels`. */
      readonly options?: RedisClientOptions;
      readonly client?: never;
    }
  | {
      /**
       * A `Redis` or `Cluster` of ioredis 5 or 6. Its address, credentials, TLS and Sentinel settings are used for
       * connections of our own; the client itself is neither used nor closed.
       */
      readonly client: Redis | Cluster;
      readonly url?: never;
      readonly options?: never;
    };

/** A socket that is silent for so long, though an answer is due, is given up for a new one. */
const SOCKET_TIMEOUT_MS = 1000;

/** How long a socket may take to end in order when it is closed. */
const DISCONNECT_TIMEOUT_MS = 100;

/** Longest pause between two attempts to connect. */
const MAX_RETRY_DELAY_MS = 250;

/**
 * Opens a client of our own.
 * @param onDemoted told when Redis answers that it is no primary any more; the client reconnects by itself.
 * @throws Error where the package `ioredis` is missing.
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

/** Settings of an application that would change the names of keys, the answers, or when they come. */
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
  // `duplicate` leaves what is not named here as the application set it.
  const redisOptions = { ...options, ...node };
  return client.duplicate([], { ...CLUSTER, keyPrefix, lazyConnect, scaleReads: 'master', redisOptions });
}

/** The nodes of a cluster have the credentials and the TLS of the first URL. */
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
 * After a failover the connection may still lead to the old primary, which answers that it is a replica: a new one leads
 * to where the address points by then. At most once in a while, since that may take some time.
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

/** What a replica answers to a write, and a replica without its primary to everything. */
function isDemotion({ message }: Error): boolean {
  return /^(READONLY|MASTERDOWN)\b/.test(message);
}

function retryDelay(attempt: number): number {
  return Math.min(25 * attempt, MAX_RETRY_DELAY_MS);
}
