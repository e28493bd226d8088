import type { AuditTrail } from 'passport-jwe';
import { type Finding, type HealthCheck, PASSED } from './finding.js';

/** Result while the key source fails. Requests succeed, because the last valid keys remain in use. */
const FAILED: Finding = {
  state: 'degraded',
  reason: 'key_source_failed',
  advice: 'Restore the key source: this instance uses the last valid keys, and misses rotations',
};

/** Check of the key source, and the audit trail that feeds it. */
export interface WatchedKeySource extends HealthCheck {
  readonly audit: AuditTrail;
}

/** Wraps the audit trail of a key ring to follow the state of its source. */
export function watchKeySource(audit: AuditTrail): WatchedKeySource {
  let finding = PASSED;
  return {
    audit: {
      ...audit,
      enabled: true,
      record(event) {
        if (event.type === 'key_source.failed') finding = FAILED;
        if (event.type === 'key_source.reachable') finding = PASSED;
        return audit.record(event);
      },
    },
    read: () => finding,
  };
}
