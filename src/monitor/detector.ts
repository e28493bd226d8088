import type { AuditRecord } from '../audit/events.js';
import type { NumericDate } from '../base/clock.js';
import type { CountThreshold } from './suspicion-thresholds.js';
import type { PassedThreshold, SuspiciousUse } from './suspicious-use.js';

/** Detector of one kind of suspicious use. */
export interface Detector {
  /** Examine an audit event and raise an alert if the threshold is reached. */
  detect(record: AuditRecord, now: NumericDate): void;
  /** Number of tracked subjects. */
  readonly tracked: number;
}

/** Dependencies of every detector. */
export interface DetectorParts<Threshold> {
  readonly threshold: Threshold;
  /** Maximum number of tracked subjects. The least recently seen subjects are evicted. */
  readonly maxTracked: number;
  /**
   * Raise an alert, at most one per subject within a window.
   *
   * @param subject name that identifies the subject within the kind of alert
   */
  readonly raise: (subject: string, alert: SuspiciousUse) => void;
}

/** Return the number of requests that an audit event represents. Aggregated events have a `count`. */
export function countOf(record: AuditRecord): number {
  return 'count' in record && typeof record.count === 'number' ? record.count : 1;
}

/** Return the members of an alert that describe the reached threshold. */
export function passed(
  { time }: AuditRecord,
  observed: number,
  { count, windowSeconds }: CountThreshold,
): PassedThreshold {
  return { time, observed, threshold: count, windowSeconds };
}

/**
 * Return a name that is unique across issuers and clients, which may choose equal `jti` values. A holder of an
 * exported access key can claim any `jti`, so tokens with a proof of issuance are counted separately.
 */
export function nameOfToken({ issuer, clientId, jti, proven }: NamedToken): string {
  return JSON.stringify([issuer, clientId, jti, proven]);
}

interface NamedToken {
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly jti: string;
  readonly proven?: true | undefined;
}

/** Return `proven` if a token carries a proof of issuance, otherwise an empty object. */
export function proofOf({ proven }: { readonly proven?: true }): { readonly proven?: true } {
  return proven === undefined ? {} : { proven };
}
