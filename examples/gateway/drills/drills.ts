import type { Drill } from './drill.js';
import { leakedApiKeyDrill } from './leaked-api-key-drill.js';
import { redisFailoverDrill } from './redis-failover-drill.js';
import { redisLostDrill } from './redis-lost-drill.js';

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [leakedApiKeyDrill, redisLostDrill, redisFailoverDrill];
