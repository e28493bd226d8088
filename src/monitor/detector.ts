import type { AuditRecord } from '../audit/events.js';
import type { NumericDate } from '../base/clock.js';
import type { CountThreshold } from './suspicion-thresholds.js';
import type { PassedThreshold, SuspiciousUse } from './suspicious-use.js';

/** Looks for one kind of suspicious use. */
export interface Detector {
  detect(record: AuditRecord, now: NumericDate): void;
  /** How many subjects it keeps something of. */
  readonly tracked: number;
}

/** What every detector is given. */
export interface DetectorParts<Threshold> {
  readonly threshold: Threshold;
  /** Most subjects that it keeps something of; those that were seen last. */
  readonly maxTracked: number;
  /** @param subject of whom one such alert within a window is enough. */
  readonly raise: (subject: string, alert: SuspiciousUse) => void;
}

/** How many requests an event stands for: those that are aggregated say so. */
export function countOf(record: AuditRecord): number {
  return 'count' in record && typeof record.count === 'number' ? record.count : 1;
}

/** What an alert says of the threshold that an event passed. */
export function passed(
  { time }: AuditRecord,
  observed: number,
  { count, windowSeconds }: CountThreshold,
): PassedThreshold {
  return { time, observed, threshold: count, windowSeconds };
}

/**
 * Two issuers, or two clients of one, may give two tokens one `jti`; and who holds an exported access key can name any
 * token, so that what proves its issuance is counted apart.
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

/** Whether the tokens that an alert counts proved their issuance. */
export function proofOf({ proven }: { readonly proven?: true }): { readonly proven?: true } {
  return proven === undefined ? {} : { proven };
}
