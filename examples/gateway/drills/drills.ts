import type { Drill } from './drill.js';
import { leakedApiKeyDrill } from './leaked-api-key-drill.js';

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [leakedApiKeyDrill];
