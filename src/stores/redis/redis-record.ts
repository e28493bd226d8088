import type { Clock, NumericDate } from '../../base/clock.js';
import type { RedisConnection } from './redis-connection.js';

/** Padding of TTLs in milliseconds, to absorb clock skew. Readers check the expiry in the record itself. */
export const SLACK_MS = 60_000;

/** Settings of the counter, family and limit stores. */
export interface RecordSetting {
  readonly connection: RedisConnection;
  readonly prefix: string;
  /**
   * Clock of the store.
   *
   * @default undefined (the clock of Redis for limits, otherwise the system clock)
   */
  readonly clock: Clock | undefined;
}

/** Return the TTL of a record in milliseconds, padded to absorb clock skew. */
export function timeToLiveMs(expiresAt: NumericDate, clock: Clock): number {
  return Math.max(1, Math.ceil((expiresAt - clock()) * 1000)) + SLACK_MS;
}
