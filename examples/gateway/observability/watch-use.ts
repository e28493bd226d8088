import type { AuditSink } from 'passport-jwe/audit';
import { createMonitor } from 'passport-jwe/monitor';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Looks for suspicious use of tokens and API keys: what it finds is logged and counted, and nothing is revoked for it. */
export function watchUse(logger: Logger, registry: Registry): AuditSink {
  const alerts = new Counter({
    name: 'gateway_alerts_total',
    help: 'Suspicious uses of tokens and API keys that were found',
    labelNames: ['kind'],
    registers: [registry],
  });
  return createMonitor({
    onSuspicion(alert) {
      alerts.inc({ kind: alert.kind });
      logger.warn({ alert }, 'suspicious use');
    },
  });
}
