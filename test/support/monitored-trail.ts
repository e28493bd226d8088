import type { AuditEvent } from '../../src/audit/events.js';
import { createAuditTrail } from '../../src/audit/record.js';
import { createMonitor, type Monitor, type MonitorOptions } from '../../src/monitor/create-monitor.js';
import type { SuspiciousUse } from '../../src/monitor/suspicious-use.js';
import { NOW } from './tokens.js';

export interface MonitoredTrail {
  readonly monitor: Monitor;
  readonly alerts: readonly SuspiciousUse[];
  /** Puts an event on record so many seconds after the beginning, so many times. */
  recordAt(seconds: number, event: AuditEvent, times?: number): void;
}

/** A monitor as a sink of an audit trail whose clock the test sets. */
export function createMonitoredTrail(options: MonitorOptions = {}): MonitoredTrail {
  const alerts: SuspiciousUse[] = [];
  const monitor = createMonitor({ onSuspicion: (alert) => void alerts.push(alert), ...options });
  let now = NOW;
  const audit = createAuditTrail({ sinks: [monitor], clock: () => now });
  return {
    monitor,
    alerts,
    recordAt(seconds, event, times = 1) {
      now = NOW + seconds;
      for (let count = 0; count < times; count += 1) void audit.record(event);
    },
  };
}

const TOKEN = { jti: 'j1', clientId: 'demo', subject: 'alice', sessionId: 's1', proven: true } as const;

/** Events that a monitor looks at; `change` puts other members in the place of theirs. */
export const eventOf = {
  accepted: (change: Partial<Extract<AuditEvent, { type: 'token.accepted' }>> = {}): AuditEvent => ({
    ...{ type: 'token.accepted', ...TOKEN, ip: '192.0.2.1', agent: 'app', count: 1 },
    ...change,
  }),
  refused: (change: Partial<Extract<AuditEvent, { type: 'token.refused' }>> = {}): AuditEvent => ({
    ...{ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'decryption', ip: '192.0.2.1' },
    ...change,
  }),
  issuanceRefused: (change: Partial<Extract<AuditEvent, { type: 'issuance.refused' }>> = {}): AuditEvent => ({
    ...{ type: 'issuance.refused', code: 'ERR_INVALID_CLIENT', reason: 'unknown_key', ip: '192.0.2.1' },
    ...change,
  }),
  ended: (reason: 'reused' | 'revoked', sessionId = 's1'): AuditEvent => ({
    ...{ type: 'session.ended', reason, familyId: `family of ${sessionId}` },
    ...{ clientId: 'demo', subject: 'alice', sessionId },
  }),
  issued: (clientId = 'demo'): AuditEvent => ({
    ...{ type: 'token.issued', jti: 'j1', clientId, subject: clientId, subjectAsserted: false },
    ...{
      audience: 'https://api.example.com',
      scope: '',
      tokenType: 'api_call',
      expiresAt: NOW + 600,
      kid: 'k1',
    },
  }),
};
