import type { Clock, NumericDate } from '../../base/clock.js';
import type { RedisConnection } from './redis-connection.js';

/** TTLs are padded by 60 s to absorb clock skew. Readers check the expiry of the record itself. */
const SLACK_MS = 60_000;

/** Settings of the stores with single records. */
export interface RecordSetting {
  readonly connection: RedisConnection;
  readonly prefix: string;
  /** Default: the system clock. */
  readonly clock: Clock | undefined;
}

export function timeToLiveMs(expiresAt: NumericDate, clock: Clock): number {
  return Math.max(1, Math.ceil((expiresAt - clock()) * 1000)) + SLACK_MS;
}
