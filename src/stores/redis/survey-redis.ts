import { messageOf } from '../../base/message-of.js';
import { retry } from '../../base/retry.js';
import type { RedisAddress } from './redis-client.js';
import { openConnection, type RedisConnection } from './redis-connection.js';

/** Pause before an unreachable server is asked again. */
const RETRY_MS = 50;

/**
 * Resolves a single URL that leads to a node of a Redis Cluster to the cluster.
 * @throws TemporarilyUnavailableError (as rejection) where no server answers in time.
 */
export async function resolveCluster(
  address: RedisAddress,
  {
    commandTimeoutMs,
    startTimeoutMs,
  }: { readonly commandTimeoutMs: number; readonly startTimeoutMs: number },
): Promise<RedisAddress> {
  if (typeof address.url !== 'string') return address;
  const probe = await openConnection(address, commandTimeoutMs);
  try {
    const [info = ''] = await inspectInTime(probe, startTimeoutMs);
    return /^cluster_enabled:1/m.test(info) ? { ...address, url: [address.url] } : address;
  } finally {
    probe.close();
  }
}

async function inspectInTime(probe: RedisConnection, timeoutMs: number): Promise<readonly string[]> {
  const inspect = (): Promise<readonly string[]> => probe.inspect('cluster').catch(skipForbidden);
  return retry(inspect, { firstPauseMs: RETRY_MS, timeoutMs, keepsAlive: true });
}

/** Warns where Redis may evict keys when memory runs out: revocations could be among them. */
export async function warnOfEviction(connection: RedisConnection): Promise<void> {
  const sections = await connection.inspect('memory').catch(() => []);
  const policies = sections.flatMap((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? []);
  const evicting = policies.find((policy) => policy !== 'noeviction');
  if (evicting === undefined) return;
  process.emitWarning(
    `Redis has the eviction policy ${evicting}, so it may drop revocations when memory runs out: set maxmemory-policy noeviction`,
    { code: 'PASSPORT_JWE_REDIS_EVICTION' },
  );
}

/** A user without `+info` cannot be asked; the rest of the start-up tells whether the address is right. */
function skipForbidden(error: unknown): readonly string[] {
  if (error instanceof Error && messageOf(error.cause).startsWith('NOPERM')) return [];
  throw error;
}
