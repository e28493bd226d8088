import { type Detector, type DetectorParts, passed } from './detector.js';
import { createSlidingCounts } from './sliding-count.js';
import type { CountThreshold } from './suspicion-thresholds.js';

/** Detect the reuse of consumed refresh tokens, per session (RFC 9700 §4.14.2). */
export function detectRefreshTokenReuse({
  threshold,
  maxTracked,
  raise,
}: DetectorParts<CountThreshold>): Detector {
  const counts = createSlidingCounts({ windowSeconds: threshold.windowSeconds, maxSubjects: maxTracked });
  return {
    detect(record, now) {
      if (record.type !== 'session.ended' || record.reason !== 'reused') return;
      const { clientId, subject, sessionId, familyId } = record;
      const session = JSON.stringify([clientId, subject, sessionId]);
      const observed = counts.add(session, now, 1);
      if (observed < threshold.count) return;
      raise(session, {
        kind: 'refresh_token_reused',
        ...{ clientId, subject, sessionId, familyId },
        ...passed(record, observed, threshold),
      });
    },
    get tracked() {
      return counts.size;
    },
  };
}
