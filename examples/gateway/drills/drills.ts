import { changeIssuerDrill } from './change-issuer-drill.js';
import { changePassphraseDrill } from './change-passphrase-drill.js';
import { clockWrongDrill } from './clock-wrong-drill.js';
import { diskFullDrill } from './disk-full-drill.js';
import type { Drill } from './drill.js';
import { leakedApiKeyDrill } from './leaked-api-key-drill.js';
import { leakedKeyRingDrill } from './leaked-key-ring-drill.js';
import { leakedRefreshTokenDrill } from './leaked-refresh-token-drill.js';
import { redisFailoverDrill } from './redis-failover-drill.js';
import { redisLostDrill } from './redis-lost-drill.js';
import { restoreBackupDrill } from './restore-backup-drill.js';

/** Drills of faults of the stores and the clock. */
export const STORE_DRILLS: readonly Drill[] = [
  redisLostDrill,
  redisFailoverDrill,
  diskFullDrill,
  clockWrongDrill,
  restoreBackupDrill,
];

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  leakedApiKeyDrill,
  leakedRefreshTokenDrill,
  leakedKeyRingDrill,
  changePassphraseDrill,
  changeIssuerDrill,
  ...STORE_DRILLS,
];
