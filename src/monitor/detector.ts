import type { AuditRecord } from '../audit/events.js';
import type { NumericDate } from '../base/clock.js';
import type { CountThreshold } from './suspicion-thresholds.js';
import type { PassedThreshold, SuspiciousUse } from './suspicious-use.js';

/** Detector of one kind of suspicious use. */
export interface Detector {
  detect(record: AuditRecord, now: NumericDate): void;
  /** Number of tracked subjects. */
  readonly tracked: number;
}

/** Dependencies of every detector. */
export interface DetectorParts<Threshold> {
  readonly threshold: Threshold;
  /** Maximum number of tracked subjects. The least recently seen are dropped. */
  readonly maxTracked: number;
  /** @param subject subject of the alert: at most one alert per subject is raised within a window */
  readonly raise: (subject: string, alert: SuspiciousUse) => void;
}

/** Number of requests in an audit event. Aggregated events have a `count`. */
export function countOf(record: AuditRecord): number {
  return 'count' in record && typeof record.count === 'number' ? record.count : 1;
}

/** The members of an alert that describe the passed threshold. */
export function passed(
  { time }: AuditRecord,
  observed: number,
  { count, windowSeconds }: CountThreshold,
): PassedThreshold {
  return { time, observed, threshold: count, windowSeconds };
}

/**
 * Name of a token that is unique across issuers and clients, which may choose equal `jti`s. A holder of an exported
 * access key can name any token, so tokens with a proof of issuance are counted separately.
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

/** Whether the counted tokens carried a proof of issuance. */
export function proofOf({ proven }: { readonly proven?: true }): { readonly proven?: true } {
  return proven === undefined ? {} : { proven };
}
