import type { SteadyClock, StoreFailurePolicy } from 'passport-jwe';
import type { Logger } from 'pino';
import type { GatewayStores } from '../open-stores.js';
import { clockCheck } from './clock-check.js';
import type { HealthCheck } from './finding.js';
import { revocationCheck, storeCheck } from './store-checks.js';
import { type Health, watchHealth } from './watch-health.js';

/** Time between two writes to the embedded store. Each write costs a flush of the disk, and a failed write reports itself. */
const EMBEDDED_PAUSE_MS = 10_000;

/** Minimum deadline of a write in milliseconds. Together with the interval of the checks, it is less than 2 s. */
const DEADLINE_MS = 800;

/** Time in milliseconds that a check waits beyond the timeout of a command, whose error contains the cause. */
const MARGIN_MS = 300;

/** Settings of the store that determine the effect of its failures. */
export interface StoreUse {
  /** Whether instances share the store, which then counts the limits. */
  readonly isShared: boolean;
  /** Policy for limits while the store is unavailable. */
  readonly onStoreFailure: StoreFailurePolicy;
  /** Timeout of a command in milliseconds. Default: the minimum deadline of the check applies. */
  readonly timeoutMs: number | undefined;
}

/** Dependencies of the health checks. */
export interface HealthParts {
  readonly stores: GatewayStores;
  readonly clock: SteadyClock;
  readonly keySource: HealthCheck;
  readonly logger: Logger | undefined;
}

/** Starts the health checks of the gateway. With the policy `deny`, requests fail while a shared store rejects writes. */
export function openHealth(
  { isShared, onStoreFailure, timeoutMs = 0 }: StoreUse,
  { stores, clock, keySource, logger }: HealthParts,
): Promise<Health> {
  const deadlineMs = Math.max(DEADLINE_MS, timeoutMs + MARGIN_MS);
  const isRequired = isShared && onStoreFailure.kind === 'deny';
  const pauseMs = isShared ? 0 : EMBEDDED_PAUSE_MS;
  return watchHealth({
    checks: {
      stores: storeCheck({ stores, clock, isRequired, pauseMs, deadlineMs }),
      revocations: revocationCheck(stores),
      keys: keySource,
      clock: clockCheck(clock, stores.readTime),
    },
    ...(logger && { logger }),
  });
}
