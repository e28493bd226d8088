import type { Clock, NumericDate } from '../../base/clock.js';
import type { RedisConnection } from './redis-connection.js';

/** Records live a little longer than they say, for clocks that differ; what has expired is told by its expiry. */
const SLACK_MS = 60_000;

/** What the stores of single records need. */
export interface RecordSetting {
  readonly connection: RedisConnection;
  readonly prefix: string;
  /** Default: that of the machine. */
  readonly clock: Clock | undefined;
}

export function timeToLiveMs(expiresAt: NumericDate, clock: Clock): number {
  return Math.max(1, Math.ceil((expiresAt - clock()) * 1000)) + SLACK_MS;
}
