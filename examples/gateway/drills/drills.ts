import { changeIssuerDrill } from './change-issuer-drill.js';
import { changePassphraseDrill } from './change-passphrase-drill.js';
import type { Drill } from './drill.js';
import { leakedApiKeyDrill } from './leaked-api-key-drill.js';
import { leakedRefreshTokenDrill } from './leaked-refresh-token-drill.js';

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  leakedApiKeyDrill,
  leakedRefreshTokenDrill,
  changePassphraseDrill,
  changeIssuerDrill,
];
