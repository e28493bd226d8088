import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../../audit/record.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import {
  assertMethod,
  assertOptions,
  assertPositiveInteger,
  assertPositiveNumber,
  type KnownOptions,
} from '../../base/options.js';
import { untilTime } from '../store-start.js';
import { resolveBounds, type StoreBounds, type Stores } from '../stores.js';
import type { RedisAddress } from './redis-client.js';
import { openConnection } from './redis-connection.js';
import { redisCounterStore } from './redis-counter-store.js';
import { redisFamilyStore } from './redis-family-store.js';
import { redisLimitStore } from './redis-limit-store.js';
import { redisRevocationStore } from './redis-revocation-store.js';
import { revocationLog } from './revocation-log.js';
import { MAX_WAIT_MS, RevocationReplica } from './revocation-replica.js';
import { resolveCluster, warnOfEviction } from './survey-redis.js';

/** Everything but the address. */
export interface RedisStoresSettings extends StoreBounds {
  /** What the names of all keys begin with: letters, digits and `._:-`. Default `passport-jwe`. */
  readonly prefix?: string;
  /**
   * How old what this process knows of the revocations may be, in seconds since Redis last answered. Until then
   * tokens are accepted while Redis is away, and a revocation elsewhere can be missed; afterwards the answer is 503.
   * Default 5.
   */
  readonly maxReplicaAgeSeconds?: number;
  /** Longest wait for an answer of Redis, in milliseconds. Default 150. */
  readonly commandTimeoutMs?: number;
  /** Longest wait for the first snapshot, in seconds. Default 10. */
  readonly startTimeoutSeconds?: number;
  /** Where outages and losses of the store are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine and, for what the instances share, that of Redis. */
  readonly clock?: Clock;
}

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
 * Keeps everything in Redis 7, shared by all instances; each holds a replica of the revocations, so that no request
 * waits for Redis. Resolves once that is complete.
 * @throws TypeError for an option that is missing or makes no sense.
 * @throws Error where the package `ioredis` is missing.
 * @throws Error, with what the connection said as its cause, where Redis does not answer in time.
 */
export async function openRedisStores(options: OpenRedisStoresOptions): Promise<Stores> {
  const settings = resolveRedisStoresOptions(options);
  const { prefix, maxAgeMs, commandTimeoutMs, startTimeoutMs, audit } = settings;
  const bounds = resolveBounds(options, 'openRedisStores');
  const { clock } = options;

  const address = await resolveCluster(settings.address, settings).catch((failure) => {
    throw describeFailure(failure, settings.address);
  });
  const news = await openConnection(address, commandTimeoutMs + MAX_WAIT_MS);
  // It asks only what a replica answers too, and would stay with the old primary.
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
    isReady: () => replica.isFresh(),
    close,
  });
}

function resolveRedisStoresOptions(options: OpenRedisStoresOptions) {
  assertOptions(options, KNOWN, 'openRedisStores');
  const { prefix = 'passport-jwe', commandTimeoutMs = 150, audit = noAuditTrail } = options;
  const { maxReplicaAgeSeconds = 5, startTimeoutSeconds = 10 } = options;
  const address = resolveAddress(options);
  if (!/^[\w.:-]{1,64}$/.test(prefix)) throw new TypeError('prefix must be 1 to 64 letters, digits and ._:-');
  assertPositiveInteger(commandTimeoutMs, 'openRedisStores', 'commandTimeoutMs', 150);
  assertPositiveNumber(maxReplicaAgeSeconds, 'openRedisStores', 'maxReplicaAgeSeconds', 5);
  assertPositiveNumber(startTimeoutSeconds, 'openRedisStores', 'startTimeoutSeconds', 10);
  assertAuditTrail(audit);
  const [maxAgeMs, startTimeoutMs] = [maxReplicaAgeSeconds * 1000, startTimeoutSeconds * 1000];
  return { address, prefix, commandTimeoutMs, audit, maxAgeMs, startTimeoutMs };
}

function resolveAddress({ url, client, options }: RedisAddress): RedisAddress {
  if (client !== undefined) {
    if (url !== undefined || options !== undefined) {
      throw new TypeError('openRedisStores: pass either client, or url with options');
    }
    assertMethod(client, 'duplicate', 'openRedisStores: client must be a Redis or Cluster of ioredis');
    return { client };
  }
  const urls = typeof url === 'string' ? [url] : url;
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every(isRedisUrl)) {
    throw new TypeError('url must be redis:// or rediss://, or several of them for a cluster');
  }
  return options === undefined ? { url } : { url, options };
}

function isRedisUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
}

/** Names hosts and what went wrong, never credentials. */
function describeFailure(failure: unknown, { url }: RedisAddress): unknown {
  if (!(failure instanceof TemporarilyUnavailableError)) return failure;
  const hosts = url === undefined ? 'the address of the client' : hostsOf(url);
  const { cause } = failure;
  return new Error(`Redis at ${hosts} does not answer: ${messageOf(cause)}`, { cause });
}

function hostsOf(url: string | readonly string[]): string {
  return [url]
    .flat()
    .map((one) => new URL(one).host)
    .join(', ');
}
