import type { Detector, DetectorParts } from './detector.js';
import { createSlidingCounts } from './sliding-count.js';
import type { CountThreshold } from './suspicion-thresholds.js';

/** Refresh tokens that came back after their successor was used, by session. */
export function detectRefreshTokenReuse({
  threshold: { count, windowSeconds },
  maxTracked,
  raise,
}: DetectorParts<CountThreshold>): Detector {
  const counts = createSlidingCounts({ windowSeconds, maxSubjects: maxTracked });
  return {
    detect(record, now) {
      if (record.type !== 'session.ended' || record.reason !== 'reused') return;
      const { time, clientId, subject, sessionId, familyId } = record;
      const session = JSON.stringify([clientId, subject, sessionId]);
      const observed = counts.add(session, now, 1);
      if (observed < count) return;
      const passed = { time, observed, threshold: count, windowSeconds };
      raise(session, {
        kind: 'refresh_token_reused',
        ...{ clientId, subject, sessionId, familyId },
        ...passed,
      });
    },
    get tracked() {
      return counts.size;
    },
  };
}
