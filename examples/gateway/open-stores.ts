import type { AuditTrail, Stores } from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { connectRedisStores } from 'passport-jwe/redis';
import { openDataDirectory } from './data-directory.js';
import type { Settings } from './settings.js';

/** Redis where it is given, else the store that is embedded in the data directory. */
export async function openStores(settings: Settings, audit: AuditTrail): Promise<Stores> {
  const { redisUrl, redisTimeoutMs, dataDir } = settings;
  const patience = redisTimeoutMs === undefined ? {} : { commandTimeoutMs: redisTimeoutMs };
  if (redisUrl !== undefined) return connectRedisStores({ url: redisUrl, ...patience, audit });
  return openLmdbStores({ path: await openDataDirectory(dataDir).storeDirectory() });
}
