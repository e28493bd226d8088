import type { AuditSink } from 'passport-jwe/audit';
import { createMonitor } from 'passport-jwe/monitor';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Creates a monitor for suspicious use of tokens and API keys. It logs and counts alerts, but revokes nothing. */
export function watchUse(logger: Logger, registry: Registry): AuditSink {
  const alerts = new Counter({
    name: 'gateway_alerts_total',
    help: 'Alerts on suspicious use of tokens and API keys',
    labelNames: ['kind'],
    registers: [registry],
  });
  const monitor = createMonitor({
    onSuspicion(alert) {
      alerts.inc({ kind: alert.kind });
      logger.warn({ alert }, 'suspicious use');
    },
  });
  for (const kind of Object.keys(monitor.counts())) alerts.inc({ kind }, 0);
  return monitor;
}
