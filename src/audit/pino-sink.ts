import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

/** The part of a pino logger that the sink uses; `pino()` fits as it is. */
export interface AuditLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const WARNINGS: ReadonlySet<AuditRecord['type']> = new Set([
  'token.refused',
  'issuance.refused',
  'api_keys.rejected',
  'api_keys.weak',
  'revocation.delayed',
]);

/**
 * Writes each event as one structured line under `audit`: refusals and warnings at level `warn`, all else at `info`.
 * @param logger a pino logger, or anything with its `info` and `warn`.
 */
export function pinoSink(logger: AuditLogger): AuditSink {
  return {
    write(record) {
      const level = WARNINGS.has(record.type) ? 'warn' : 'info';
      logger[level]({ audit: record }, record.type);
    },
  };
}
