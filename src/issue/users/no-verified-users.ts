import { noAuditTrail } from '../../audit/record.js';
import { systemClock } from '../../base/clock.js';
import { createVerifiedUsers, type VerifiedUsers } from './verified-users.js';

/** Verification of users without directories. It fails for every API key that names a directory. */
export const noVerifiedUsers: VerifiedUsers = createVerifiedUsers({
  directories: new Map(),
  staleSeconds: 0,
  families: undefined,
  revocations: undefined,
  audit: noAuditTrail,
  clock: systemClock,
});
