import { createAuditTrail } from 'passport-jwe';
import { type AuditSink, openAuditFile } from 'passport-jwe/audit';
import type { Logger } from 'pino';
import type { Metrics } from './observability/metrics.js';
import { reopenOnHangup } from './observability/reopen-on-hangup.js';
import type { Settings } from './settings.js';

type AuditSettings = Pick<Settings, 'auditFile' | 'auditKey' | 'isAuditRequired'>;

/** Receivers of the failures of all sinks. */
interface Reporters {
  readonly logger: Pick<Logger, 'error' | 'info'>;
  readonly metrics: Pick<Metrics, 'onSinkError'>;
}

/**
 * Opens the audit trail. It writes to the sinks and, if it is configured, to the audit file, which it reopens on SIGHUP.
 */
export async function openAudit(
  { auditFile: path, auditKey: key, isAuditRequired }: AuditSettings,
  sinks: readonly AuditSink[],
  { logger, metrics }: Reporters,
) {
  const onSinkError = (err: unknown): void => {
    metrics.onSinkError();
    logger.error({ err }, 'an audit sink failed, so its audit log is incomplete');
  };
  if (path === undefined || key === undefined) {
    const audit = createAuditTrail({ sinks, onSinkError });
    return { audit, close: () => audit.flush() };
  }
  const file = await openAuditFile({ path, key }).catch((cause) => {
    throw new Error('AUDIT_FILE cannot be opened: check the path, its directory and their permissions', {
      cause,
    });
  });
  const audit = createAuditTrail({
    ...(isAuditRequired ? { sinks, required: [file] } : { sinks: [...sinks, file] }),
    onSinkError,
  });
  const stopReopening = reopenOnHangup(file, logger);
  return {
    audit,
    async close() {
      stopReopening();
      await audit.flush();
      await file.close();
    },
  };
}
