import { messageOf } from '../../base/message-of.js';
import { retry } from '../../base/retry.js';
import type { RedisAddress } from './redis-client.js';
import { openConnection, type RedisConnection } from './redis-connection.js';

/** Pause between two attempts, in milliseconds. */
const RETRY_MS = 50;

/**
 * Return a cluster address if a single URL points to a Redis Cluster. Otherwise, return the address unchanged.
 *
 * @throws TemporarilyUnavailableError (as rejection) if no server answers in time.
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

/** Emit a process warning if Redis may evict keys, including revocations, when it runs out of memory. */
export async function warnOfEviction(connection: RedisConnection): Promise<void> {
  const sections = await connection.inspect('memory').catch(() => []);
  const policies = sections.flatMap((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? []);
  const evicting = policies.find((policy) => policy !== 'noeviction');
  if (evicting === undefined) return;
  process.emitWarning(
    `Redis has the eviction policy ${evicting} and may evict revocations: set maxmemory-policy to noeviction`,
    { code: 'PASSPORT_JWE_REDIS_EVICTION' },
  );
}

/** Ignore a permission error: without `+info`, a Redis user cannot run `INFO`. A wrong address still fails later. */
function skipForbidden(error: unknown): readonly string[] {
  if (error instanceof Error && messageOf(error.cause).startsWith('NOPERM')) return [];
  throw error;
}
