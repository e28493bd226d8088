import { auditKey, flag, logLevel, port, text } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

export function observationSettings(read: ReadSetting) {
  return {
    logLevel: read(
      defaulted(logLevel, {
        name: 'LOG_LEVEL',
        value: 'info',
        help: 'minimum level of log lines: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
      }),
    ),
    auditFile: read(
      optional(text, {
        name: 'AUDIT_FILE',
        unset: 'none',
        help: 'tamper-evident audit file, in addition to the log',
      }),
    ),
    auditKey: read(
      optional(auditKey, {
        name: 'AUDIT_KEY',
        unset: 'none',
        help: 'key of the audit file: at least 64 hexadecimal digits',
      }),
    ),
    isAuditRequired: read(
      defaulted(flag, {
        name: 'AUDIT_REQUIRED',
        value: 'false',
        help: '`true` rejects token requests with 503 if their audit event cannot be written to the audit file',
      }),
    ),
    metricsPort: read(
      optional(port, { name: 'METRICS_PORT', unset: 'none', help: 'port of the metrics listener' }),
    ),
    metricsHost: read(
      defaulted(text, { name: 'METRICS_HOST', value: '127.0.0.1', help: 'address of the metrics listener' }),
    ),
  };
}
