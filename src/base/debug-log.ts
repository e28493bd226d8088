import { debuglog } from 'node:util';

/** Print to standard error if `NODE_DEBUG` contains `passport-jwe`. Check `enabled` before you compute a line. */
export const debugLog = debuglog('passport-jwe');
