import { isUnboundedRefusal } from '../audit/aggregate-refusals.js';
import type { AuditRecord } from '../audit/events.js';
import { addressBlock } from '../base/address-block.js';
import { countOf, type Detector, type DetectorParts, passed } from './detector.js';
import { createSlidingCounts } from './sliding-count.js';
import type { CountThreshold } from './suspicion-thresholds.js';

type Refusal = Extract<AuditRecord, { readonly type: 'token.refused' | 'issuance.refused' }>;

/**
 * Detect bursts of rejected requests per API key. A rejection counts only if the request contained the secret of the
 * API key or a valid token. A `client_id` alone, or a revoked token, therefore cannot raise an alert against the
 * client. Tokens without a proof of issuance are counted separately.
 */
export function detectRefusalsOfClient(parts: DetectorParts<CountThreshold>): Detector {
  return detectRefusals(parts, (refusal) => {
    const clientId = clientOf(refusal);
    if (clientId === undefined) return undefined;
    const proof = provesItself(refusal) ? { proven: true as const } : {};
    return {
      name: JSON.stringify([clientId, proof]),
      party: { kind: 'refusals_of_client', clientId, ...proof },
    };
  });
}

/** Detect bursts of rejected requests per client address. */
export function detectRefusalsOfAddress(parts: DetectorParts<CountThreshold>): Detector {
  return detectRefusals(parts, ({ ip }) => {
    if (ip === undefined) return undefined;
    const address = addressBlock(ip);
    return { name: address, party: { kind: 'refusals_of_address', address } };
  });
}

/** Return the API key of a rejection. Clients of trusted issuers are not API keys, even if the names are equal. */
function clientOf(refusal: Refusal): string | undefined {
  const { clientId } = refusal;
  const isExternal = 'issuer' in refusal;
  return isExternal || isUnboundedRefusal(refusal) ? undefined : clientId;
}

/** Whether the client sent its secret or a token with a proof of issuance. */
function provesItself(refusal: Refusal): boolean {
  return refusal.type === 'issuance.refused' || refusal.proven === true;
}

/** Counted client or address, and name of its counter. */
interface Subject {
  readonly name: string;
  readonly party:
    | { readonly kind: 'refusals_of_client'; readonly clientId: string; readonly proven?: true }
    | { readonly kind: 'refusals_of_address'; readonly address: string };
}

function detectRefusals(
  { threshold, maxTracked, raise }: DetectorParts<CountThreshold>,
  subjectOf: (refusal: Refusal) => Subject | undefined,
): Detector {
  const counts = createSlidingCounts({ windowSeconds: threshold.windowSeconds, maxSubjects: maxTracked });
  return {
    detect(record, now) {
      if (!isRefusal(record) || isOrdinary(record)) return;
      const subject = subjectOf(record);
      if (subject === undefined) return;
      const observed = counts.add(subject.name, now, countOf(record));
      if (observed < threshold.count) return;
      raise(subject.name, { ...subject.party, ...passed(record, observed, threshold) });
    },
    get tracked() {
      return counts.size;
    },
  };
}

function isRefusal(record: AuditRecord): record is Refusal {
  return record.type === 'token.refused' || record.type === 'issuance.refused';
}

/** Codes of rejections that are not suspicious. Every client of a server with nonces needs one first (RFC 9449 §8). */
const ORDINARY: ReadonlySet<string> = new Set([
  ...['ERR_RATE_LIMIT_EXCEEDED', 'ERR_TEMPORARILY_UNAVAILABLE', 'ERR_USE_DPOP_NONCE'],
]);

/** Whether a rejection is not suspicious: an expired token, an exceeded limit, an outage or a request for a nonce. */
function isOrdinary({ code, reason }: Refusal): boolean {
  return reason === 'expired' || ORDINARY.has(code);
}
