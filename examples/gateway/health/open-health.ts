import type { SteadyClock } from 'passport-jwe';
import type { Logger } from 'pino';
import type { GatewayStores } from '../open-stores.js';
import type { Settings } from '../settings.js';
import { clockCheck } from './clock-check.js';
import type { HealthCheck } from './finding.js';
import { revocationCheck, storeCheck } from './store-checks.js';
import { type Health, watchHealth } from './watch-health.js';

/** Time between two writes to the embedded store. Each write costs a flush of the disk, and a failed write reports itself. */
const EMBEDDED_PAUSE_MS = 10_000;

/** Minimum deadline of a write in milliseconds. Together with the interval of the checks, it is less than 2 s. */
const DEADLINE_MS = 800;

/** Dependencies of the health checks. */
export interface HealthParts {
  readonly stores: GatewayStores;
  readonly clock: SteadyClock;
  readonly keySource: HealthCheck;
  readonly logger: Logger | undefined;
}

/** Starts the health checks of the gateway. Requests need writes to Redis, which counts the limits. */
export function openHealth(
  { redisUrl, redisTimeoutMs = 0 }: Pick<Settings, 'redisUrl' | 'redisTimeoutMs'>,
  { stores, clock, keySource, logger }: HealthParts,
): Promise<Health> {
  const isShared = redisUrl !== undefined;
  const deadlineMs = Math.max(DEADLINE_MS, 2 * redisTimeoutMs);
  const pauseMs = isShared ? 0 : EMBEDDED_PAUSE_MS;
  return watchHealth({
    checks: {
      stores: storeCheck({ stores, clock, isRequired: isShared, pauseMs, deadlineMs }),
      revocations: revocationCheck(stores),
      keys: keySource,
      clock: clockCheck(clock, stores.readTime),
    },
    ...(logger && { logger }),
  });
}
