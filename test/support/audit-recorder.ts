import type { AuditRecord } from '../../src/audit/events.js';
import { type AuditTrail, createAuditTrail, type OpenAuditTrail } from '../../src/audit/record.js';
import { clock } from './tokens.js';

/** An audit trail that keeps what it is told. */
export function createAuditRecorder(): {
  readonly audit: OpenAuditTrail;
  readonly records: readonly AuditRecord[];
} {
  const records: AuditRecord[] = [];
  const sink = { write: (record: AuditRecord) => void records.push(record) };
  return { audit: createAuditTrail({ sinks: [sink], clock }), records };
}

/** An audit trail whose only sink is down, without which no token is issued. */
export function createBrokenAudit(): AuditTrail {
  const sink = { write: () => Promise.reject(new Error('disk full')) };
  return createAuditTrail({ required: [sink], clock, onSinkError: () => {} });
}
