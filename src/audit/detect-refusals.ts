import { addressBlock } from '../limits/address-block.js';
import { isUnboundedRefusal } from './aggregate-refusals.js';
import { countOf, type Detector, type DetectorParts, passed } from './detector.js';
import type { AuditRecord } from './events.js';
import { createSlidingCounts } from './sliding-count.js';
import type { CountThreshold } from './suspicion-thresholds.js';

type Refusal = Extract<AuditRecord, { readonly type: 'token.refused' | 'issuance.refused' }>;

/**
 * Bursts of refusals of one API key. Only those count that took its secret or a token in force: whoever merely names a
 * client, or has kept a token that was revoked, raises no alert against it, and so has nothing of it revoked.
 */
export function detectRefusalsOfClient(parts: DetectorParts<CountThreshold>): Detector {
  return detectRefusals(parts, provenClient, (clientId) => ({ kind: 'refusals_of_client', clientId }));
}

/** Bursts of refusals from one address. */
export function detectRefusalsOfAddress(parts: DetectorParts<CountThreshold>): Detector {
  return detectRefusals(
    parts,
    ({ ip }) => (ip === undefined ? undefined : addressBlock(ip)),
    (address) => ({ kind: 'refusals_of_address', address }),
  );
}

/** Clients of a trusted issuer are not API keys, whatever their names. */
function provenClient(refusal: Refusal): string | undefined {
  const { clientId } = refusal;
  const isExternal = 'issuer' in refusal;
  return isExternal || isUnboundedRefusal(refusal) ? undefined : clientId;
}

type RefusedParty =
  | { readonly kind: 'refusals_of_client'; readonly clientId: string }
  | { readonly kind: 'refusals_of_address'; readonly address: string };

function detectRefusals(
  { threshold, maxTracked, raise }: DetectorParts<CountThreshold>,
  subjectOf: (refusal: Refusal) => string | undefined,
  describe: (subject: string) => RefusedParty,
): Detector {
  const counts = createSlidingCounts({ windowSeconds: threshold.windowSeconds, maxSubjects: maxTracked });
  return {
    detect(record, now) {
      if (!isRefusal(record) || isOrdinary(record)) return;
      const subject = subjectOf(record);
      if (subject === undefined) return;
      const observed = counts.add(subject, now, countOf(record));
      if (observed < threshold.count) return;
      raise(subject, { ...describe(subject), ...passed(record, observed, threshold) });
    },
    get tracked() {
      return counts.size;
    },
  };
}

function isRefusal(record: AuditRecord): record is Refusal {
  return record.type === 'token.refused' || record.type === 'issuance.refused';
}

/** Every token expires, limits have answered by themselves, and an outage is no client's doing. */
function isOrdinary({ code, reason }: Refusal): boolean {
  return reason === 'expired' || code === 'ERR_RATE_LIMIT_EXCEEDED' || code === 'ERR_TEMPORARILY_UNAVAILABLE';
}
