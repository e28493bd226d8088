import { createAuditTrail } from 'passport-jwe';
import { type AuditSink, openAuditFile } from 'passport-jwe/audit';
import type { Logger } from 'pino';
import { reopenOnHangup } from './observability/reopen-on-hangup.js';
import type { Settings } from './settings.js';

type AuditSettings = Pick<Settings, 'auditFile' | 'auditKey' | 'isAuditRequired'>;

/**
 * Opens the audit trail. It writes to the sinks and, if it is configured, to the audit file, which it reopens on SIGHUP.
 *
 * @param logger receives the failures of all sinks
 */
export async function openAudit(
  { auditFile: path, auditKey: key, isAuditRequired }: AuditSettings,
  sinks: readonly AuditSink[],
  logger: Pick<Logger, 'error' | 'info'>,
) {
  const onSinkError = (err: unknown): void => logger.error({ err }, 'an audit event was not written');
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
