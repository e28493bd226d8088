import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../../audit/record.js';
import { type Clock, type NumericDate, systemClock } from '../../base/clock.js';
import { debugConfiguration } from '../../base/debug-configuration.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import {
  assertMethod,
  assertOptions,
  assertPositiveInteger,
  assertPositiveNumber,
  type KnownOptions,
} from '../../base/options.js';
import { parseUrl } from '../../base/parse-url.js';
import { untilTime } from '../store-start.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import { asList } from './as-list.js';
import type { RedisAddress } from './redis-client.js';
import { openConnection } from './redis-connection.js';
import { redisCounterStore } from './redis-counter-store.js';
import { redisFamilyStore } from './redis-family-store.js';
import { redisLimitStore } from './redis-limit-store.js';
import { redisReplayStore } from './redis-replay-store.js';
import { redisRevocationStore } from './redis-revocation-store.js';
import { revocationLog } from './revocation-log.js';
import { MAX_WAIT_MS, RevocationReplica } from './revocation-replica.js';
import { resolveCluster, warnOfEviction } from './survey-redis.js';

export type { RedisAddress } from './redis-client.js';

/** Options of `openRedisStores()`, without the address of Redis. */
export interface RedisStoresSettings extends StoreBounds {
  /**
   * Prefix of all Redis keys: 1 to 64 letters, digits or characters of `._:-`.
   *
   * @default 'passport-jwe'
   */
  readonly prefix?: string;
  /**
   * Maximum age of the local revocation replica, in seconds since the last reply from Redis. During an outage, tokens
   * are accepted until the replica reaches this age, and revocations by other instances can be missed. After that,
   * guarded requests are answered with 503.
   *
   * @default 5
   */
  readonly maxReplicaAgeSeconds?: number;
  /**
   * Timeout of each Redis command, in milliseconds.
   *
   * @default 150
   */
  readonly commandTimeoutMs?: number;
  /**
   * Maximum wait for the first snapshot of the revocations, in seconds.
   *
   * @default 10
   */
  readonly startTimeoutSeconds?: number;
  /**
   * Audit trail that receives events for outages and data loss in Redis.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Clock that determines expiry and refills.
   *
   * @default the clock of Redis for limits and stored revocations, otherwise the system clock
   */
  readonly clock?: Clock;
}

/** Stores in Redis, with the time of the server. */
export interface RedisStores extends Stores {
  /**
   * Return the time of the Redis server, to detect clock skew.
   *
   * @throws TemporarilyUnavailableError (as rejection) if Redis is unavailable.
   */
  readTime(): Promise<NumericDate>;
}

/** Options of `openRedisStores()`: the server, timeouts and capacity. */
export type OpenRedisStoresOptions = RedisAddress & RedisStoresSettings;

const KNOWN: KnownOptions<OpenRedisStoresOptions> = {
  url: true,
  options: true,
  client: true,
  prefix: true,
  maxReplicaAgeSeconds: true,
  commandTimeoutMs: true,
  startTimeoutSeconds: true,
  maxRevocations: true,
  maxRevocationsPerClient: true,
  audit: true,
  clock: true,
};

/**
 * Open stores in Redis 7 that all instances share. Each instance has a local replica of the revocations, so token
 * checks never wait for Redis. The promise resolves once the replica is complete.
 *
 * @throws TypeError (as rejection) if an option is missing or invalid.
 * @throws Error (as rejection) if the package `ioredis` is missing.
 * @throws Error (as rejection) if Redis is unavailable or rejects the commands. Its `cause` is the error of Redis or of
 *   the connection.
 * @example
 * const stores = await openRedisStores({ url: 'rediss://redis.example.com:6379' });
 * const revocations = createRevocations({ stores });
 * // on shutdown
 * await stores.close();
 */
export async function openRedisStores(options: OpenRedisStoresOptions): Promise<RedisStores> {
  const settings = resolveRedisStoresOptions(options);
  const { prefix, maxAgeMs, commandTimeoutMs, startTimeoutMs, audit } = settings;
  const bounds = resolveBounds(options, 'openRedisStores');
  const { clock } = options;
  debugConfiguration('openRedisStores', () => ({ prefix, maxAgeMs, commandTimeoutMs, ...bounds }));

  const address = await resolveCluster(settings.address, settings).catch((failure) => {
    throw describeFailure(failure, settings.address);
  });
  const news = await openConnection(address, commandTimeoutMs + MAX_WAIT_MS);
  // `news` only reads, which a demoted primary still allows. A rejected write of `commands` reveals the failover.
  const commands = await openConnection(address, commandTimeoutMs, () => news.reconnect());
  const log = revocationLog({ commands, news, prefix, clock });
  const replica = new RevocationReplica({ log, maxAgeMs, clock: clock ?? systemClock, audit });
  const close = async (): Promise<void> => {
    replica.stop();
    commands.close();
    news.close();
  };

  try {
    await replica.start(startTimeoutMs);
    await commands.warmUp();
    await warnOfEviction(commands);
    await untilTime(replica.completeSince(), clock ?? systemClock);
  } catch (failure) {
    await close();
    throw describeFailure(failure, address);
  }
  const setting = { connection: commands, prefix, clock };
  return Object.freeze({
    revocations: redisRevocationStore(log, replica, bounds),
    families: redisFamilyStore(setting),
    counters: redisCounterStore(setting),
    limits: redisLimitStore(setting),
    replays: redisReplayStore(setting),
    isReady: () => replica.isFresh(),
    readTime: async () => toNumericDate(await commands.call('time', [])),
    close,
  });
}

/** Convert the reply to `TIME`: seconds and microseconds. */
function toNumericDate(reply: unknown): NumericDate {
  const [seconds, microseconds] = asList(reply);
  return Number(seconds) + Number(microseconds) / 1_000_000;
}

function resolveRedisStoresOptions(options: OpenRedisStoresOptions) {
  assertOptions(options, KNOWN, 'openRedisStores');
  const { prefix = 'passport-jwe', commandTimeoutMs = 150, audit = noAuditTrail } = options;
  const { maxReplicaAgeSeconds = 5, startTimeoutSeconds = 10 } = options;
  const address = resolveAddress(options);
  if (!/^[\w.:-]{1,64}$/.test(prefix))
    throw new TypeError(
      'openRedisStores: prefix must be 1 to 64 letters, digits or characters of ._:-, for example "passport-jwe"',
    );
  assertPositiveInteger(commandTimeoutMs, 'openRedisStores', 'commandTimeoutMs', 150);
  assertPositiveNumber(maxReplicaAgeSeconds, 'openRedisStores', 'maxReplicaAgeSeconds', 5);
  assertPositiveNumber(startTimeoutSeconds, 'openRedisStores', 'startTimeoutSeconds', 10);
  assertAuditTrail(audit, 'openRedisStores');
  const [maxAgeMs, startTimeoutMs] = [maxReplicaAgeSeconds * 1000, startTimeoutSeconds * 1000];
  return { address, prefix, commandTimeoutMs, audit, maxAgeMs, startTimeoutMs };
}

function resolveAddress({ url, client, options }: RedisAddress): RedisAddress {
  if (client !== undefined) {
    if (url !== undefined || options !== undefined) {
      throw new TypeError(
        'openRedisStores: client cannot be combined with url or options: remove client, or remove the others',
      );
    }
    assertMethod(
      client,
      'duplicate',
      'openRedisStores: client must be a Redis or Cluster instance of ioredis, for example new Redis(url)',
    );
    return { client };
  }
  const urls = typeof url === 'string' ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every(isRedisUrl)) {
    throw new TypeError(
      'openRedisStores: url must be a redis:// or rediss:// URL, for example "rediss://redis.example.com:6379". ' +
        'For a cluster, it can be a non-empty array of URLs',
    );
  }
  return options === undefined ? { url } : { url, options };
}

function isRedisUrl(url: unknown): boolean {
  const protocol = parseUrl(url)?.protocol ?? '';
  return /^rediss?:$/.test(protocol);
}

/** Convert a failed connection to an error that names the hosts and the reason, but no credentials. */
function describeFailure(failure: unknown, { url }: RedisAddress): unknown {
  if (!(failure instanceof TemporarilyUnavailableError)) return failure;
  const hosts = url === undefined ? 'the address of the option client' : hostsOf(url);
  const { cause } = failure;
  return new Error(
    `openRedisStores: cannot use Redis at ${hosts}: ${messageOf(cause)}. Check the address, the credentials and the Redis server`,
    { cause },
  );
}

function hostsOf(url: string | readonly string[]): string {
  return [url]
    .flat()
    .map((one) => new URL(one).host)
    .join(', ');
}
