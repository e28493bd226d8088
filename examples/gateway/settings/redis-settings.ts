import { count, flag, hostsAndPorts, milliseconds, redisPrefix, redisUrl, secret, text } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

export function redisSettings(read: ReadSetting) {
  const address = {
    redisUrl: read(
      optional(redisUrl, {
        name: 'REDIS_URL',
        unset: 'the embedded store',
        help: 'URL of Redis, the shared store of several instances: `redis` or `rediss`',
      }),
    ),
    redisClusterNodes: read(
      optional(hostsAndPorts, {
        name: 'REDIS_CLUSTER_NODES',
        unset: 'none',
        help: 'hosts and ports of a Redis Cluster, instead of `REDIS_URL`',
      }),
    ),
    redisSentinels: read(
      optional(hostsAndPorts, {
        name: 'REDIS_SENTINELS',
        unset: 'none',
        help: 'hosts and ports of Redis Sentinels, instead of `REDIS_URL`',
      }),
    ),
  };
  return {
    ...address,
    /** Whether Redis is the store, which several instances can share. */
    usesRedis: Object.values(address).some((each) => each !== undefined),
    redisSentinelName: read(
      optional(text, {
        name: 'REDIS_SENTINEL_NAME',
        unset: 'none',
        help: 'name of the primary in the Sentinels',
      }),
    ),
    redisUsername: read(
      optional(text, { name: 'REDIS_USERNAME', unset: 'the default user', help: 'user of Redis' }),
    ),
    redisPassword: read(
      optional(secret, { name: 'REDIS_PASSWORD', unset: 'none', help: 'password of Redis' }),
    ),
    redisSentinelPassword: read(
      optional(secret, { name: 'REDIS_SENTINEL_PASSWORD', unset: 'none', help: 'password of the Sentinels' }),
    ),
    redisTls: read(
      defaulted(flag, {
        name: 'REDIS_TLS',
        value: 'false',
        help: '`true` connects to Redis and the Sentinels by TLS, as `rediss` URLs do',
      }),
    ),
    redisTlsCaFile: read(
      optional(text, {
        name: 'REDIS_TLS_CA_FILE',
        unset: 'the authorities of Node.js',
        help: 'PEM file of the certificate authorities of Redis; requires TLS',
      }),
    ),
    redisPrefix: read(
      defaulted(redisPrefix, {
        name: 'REDIS_PREFIX',
        value: 'passport-jwe',
        help: 'prefix of all keys in Redis',
      }),
    ),
    redisTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'REDIS_TIMEOUT_MS',
        value: '500',
        help: 'timeout of each Redis command in milliseconds',
      }),
    ),
    redisMaxReplicaAgeSeconds: read(
      defaulted(count, {
        name: 'REDIS_MAX_REPLICA_AGE_SECONDS',
        value: '5',
        help: 'maximum time in seconds without a reply of Redis. After that, requests are answered with 503',
      }),
    ),
  };
}
