import { assertMethod } from '../base/options.js';
import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

/** Methods of a pino logger that `pinoSink()` calls. */
export interface AuditLogger {
  /** Log an event, with the record in `fields.audit` and the type of the event as the message. */
  info(fields: object, message: string): void;
  /** Log an event that needs attention, for example a rejection or an outage. */
  warn(fields: object, message: string): void;
}

const LEVELS: Readonly<Record<AuditRecord['type'], 'info' | 'warn'>> = {
  'key_ring.created': 'info',
  'key_ring.changed': 'info',
  'key_ring.rotated': 'info',
  'key_ring.retired': 'info',
  'key_source.failed': 'warn',
  'key_source.reachable': 'info',
  'key.usage_high': 'warn',
  'key.exhausted': 'warn',
  'api_keys.loaded': 'info',
  'api_keys.weak': 'warn',
  'api_keys.wrapped_variables': 'warn',
  'api_keys.rejected': 'warn',
  'token.intended': 'info',
  'token.issued': 'info',
  'issuance.refused': 'warn',
  'token.accepted': 'info',
  'token.not_encrypted': 'warn',
  'token.refused': 'warn',
  'revocation.added': 'info',
  'revocation.delayed': 'warn',
  'session.started': 'info',
  'session.refreshed': 'info',
  'session.ended': 'info',
  'limits.degraded': 'warn',
  'limits.restored': 'info',
  'client_address.unknown': 'warn',
  'proxy.untrusted': 'warn',
  'store.unreachable': 'warn',
  'store.reachable': 'info',
  'jwks.unreachable': 'warn',
  'jwks.reachable': 'info',
  'store.data_lost': 'warn',
  'user.authenticated': 'info',
  'user.rejected': 'warn',
  'directory.unreachable': 'warn',
  'directory.reachable': 'info',
};

/**
 * Create a sink that logs each event as one line, with the record in the field `audit`. Rejections, outages and other
 * events that need attention have the level `warn`, all others have `info`.
 *
 * @param logger a pino logger, or an object with its methods `info` and `warn`
 * @throws TypeError if a method is missing
 *
 * @example
 * const audit = createAuditTrail({ sinks: [pinoSink(pino())] });
 */
export function pinoSink(logger: AuditLogger): AuditSink {
  for (const method of ['info', 'warn']) {
    assertMethod(
      logger,
      method,
      'pinoSink: logger must have the methods info() and warn(): pass a pino logger, for example pino()',
    );
  }
  return {
    write(record) {
      logger[levelOf(record)]({ audit: record }, record.type);
    },
  };
}

function levelOf(record: AuditRecord): 'info' | 'warn' {
  // An attacker may have a refresh token of the family.
  if (record.type === 'session.ended' && ['reused', 'guessed'].includes(record.reason ?? '')) return 'warn';
  return LEVELS[record.type];
}
