import type { AuditTrail, Clock } from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { openRedisStores, type RedisStores } from 'passport-jwe/redis';
import type { Stores } from 'passport-jwe/stores';
import { openDataDirectory } from './data-directory.js';
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
  const { redisUrl, redisTimeoutMs, dataDir, storeGenerationFile: generationFile } = settings;
  const patience = redisTimeoutMs === undefined ? {} : { commandTimeoutMs: redisTimeoutMs };
  if (redisUrl !== undefined) return openRedisStores({ url: redisUrl, ...patience, audit });
  const place = generationFile === undefined ? {} : { generationFile };
  return openLmdbStores({ path: await openDataDirectory(dataDir).storeDirectory(), ...place, clock });
}
