import type { AuditRecord } from '../audit/events.js';
import { addressBlock } from '../base/address-block.js';
import type { NumericDate } from '../base/clock.js';
import { countOf, type Detector, type DetectorParts, nameOfToken, passed } from './detector.js';
import { createSlidingCounts } from './sliding-count.js';
import type { CountThreshold } from './suspicion-thresholds.js';

type TokenRefusal = Extract<AuditRecord, { readonly type: 'token.refused' }>;

/** Detect the use of revoked tokens, and of tokens whose API key is inactive. */
export function detectUseAfterRevocation({
  threshold,
  maxTracked,
  raise,
}: DetectorParts<CountThreshold>): Detector {
  const counts = createSlidingCounts({ windowSeconds: threshold.windowSeconds, maxSubjects: maxTracked });

  const judge = (record: TokenRefusal, reason: 'revoked' | 'key_inactive', now: NumericDate): void => {
    const subject = nameOf(record);
    const observed = counts.add(subject, now, countOf(record));
    if (observed < threshold.count) return;
    raise(subject, {
      ...{ kind: 'use_after_revocation', reason },
      ...identify(record),
      ...passed(record, observed, threshold),
    });
  };

  return {
    detect(record, now) {
      if (record.type !== 'token.refused') return;
      const { reason } = record;
      if (reason === 'revoked' || reason === 'key_inactive') judge(record, reason, now);
    },
    get tracked() {
      return counts.size;
    },
  };
}

/**
 * Return the name of the counter for a rejected token. Audit events of rejected tokens contain only verified
 * identities.
 */
function nameOf({ issuer, jti, clientId, ip }: TokenRefusal): string {
  if (jti !== undefined) return `token ${nameOfToken({ issuer, clientId, jti })}`;
  if (clientId !== undefined) return `client ${JSON.stringify([issuer, clientId])}`;
  return `address ${ip === undefined ? '' : addressBlock(ip)}`;
}

function identify({ issuer, jti, clientId, subject, ip }: TokenRefusal) {
  return {
    ...(issuer === undefined ? {} : { issuer }),
    ...(jti === undefined ? {} : { jti }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
    ...(ip === undefined ? {} : { address: addressBlock(ip) }),
  };
}
