import { readFile } from 'node:fs/promises';
import type { AuditTrail, Clock } from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { openRedisStores, type RedisStores } from 'passport-jwe/redis';
import type { Stores } from 'passport-jwe/stores';
import { openDataDirectory } from './data-directory.js';
import type { HostAndPort } from './settings/kinds.js';
import type { Settings } from './settings.js';

/** Stores of the gateway. Only Redis has a time of its server. */
export type GatewayStores = Stores & Partial<Pick<RedisStores, 'readTime'>>;

/**
 * Opens Redis if it is configured, otherwise the embedded store in the data directory. Redis uses the clock of its
 * server.
 */
export async function openStores(
  settings: Settings,
  audit: AuditTrail,
  clock: Clock,
): Promise<GatewayStores> {
  const { maxRevocations, maxRevocationsPerClient, dataDir, storeGenerationFile: generationFile } = settings;
  const bounds = { maxRevocations, maxRevocationsPerClient };
  if (settings.usesRedis) {
    return openRedisStores({
      ...bounds,
      url: addressOf(settings),
      options: await connectionOptions(settings),
      prefix: settings.redisPrefix,
      commandTimeoutMs: settings.redisTimeoutMs,
      maxReplicaAgeSeconds: settings.redisMaxReplicaAgeSeconds,
      audit,
    });
  }
  const place = generationFile === undefined ? {} : { generationFile };
  const path = await openDataDirectory(dataDir).storeDirectory();
  return openLmdbStores({ ...bounds, path, ...place, clock });
}

/** Returns the URL of Redis. For Sentinels, the URL is only part of error messages. */
function addressOf({
  redisUrl,
  redisClusterNodes,
  redisSentinels = [],
}: Settings): string | readonly string[] {
  if (redisClusterNodes !== undefined) return redisClusterNodes.map(urlOf);
  return redisUrl ?? redisSentinels.map(urlOf)[0] ?? '';
}

function urlOf({ host, port }: HostAndPort): string {
  return `redis://${host}:${port}`;
}

/** Returns the options of ioredis. The credentials in a URL take precedence. */
async function connectionOptions(settings: Settings) {
  const { redisUsername: username, redisPassword: password, redisSentinels, redisTls } = settings;
  const usesTls = redisTls || settings.redisUrl?.startsWith('rediss:') === true;
  const tls = usesTls ? await tlsOptions(settings) : undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...(redisSentinels === undefined ? {} : sentinelOptions(settings, tls)),
  };
}

async function tlsOptions({ redisTlsCaFile: file }: Settings) {
  if (file === undefined) return {};
  try {
    return { ca: await readFile(file) };
  } catch (cause) {
    throw new Error('REDIS_TLS_CA_FILE cannot be read: check the path and its permissions', { cause });
  }
}

function sentinelOptions(
  { redisSentinels = [], redisSentinelName: name = '', redisSentinelPassword: password }: Settings,
  tls: Awaited<ReturnType<typeof tlsOptions>> | undefined,
) {
  return {
    name,
    sentinels: redisSentinels.map(({ host, port }) => ({ host: host.replace(/^\[|\]$/g, ''), port })),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}
