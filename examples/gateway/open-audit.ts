import { createAuditTrail } from 'passport-jwe';
import { type AuditSink, openAuditFile } from 'passport-jwe/audit';
import type { Settings } from './settings.js';

type AuditSettings = Pick<Settings, 'auditFile' | 'auditKey' | 'isAuditRequired'>;

/** Opens the audit trail. It writes to the sinks and, if it is configured, to the audit file. */
export async function openAudit(
  { auditFile: path, auditKey: key, isAuditRequired }: AuditSettings,
  sinks: readonly AuditSink[],
) {
  if (path === undefined || key === undefined) {
    const audit = createAuditTrail({ sinks });
    return { audit, close: () => audit.flush() };
  }
  const file = await openAuditFile({ path, key }).catch((cause) => {
    throw new Error('AUDIT_FILE cannot be opened: check the path, its directory and their permissions', {
      cause,
    });
  });
  const audit = createAuditTrail(isAuditRequired ? { sinks, required: [file] } : { sinks: [...sinks, file] });
  return {
    audit,
    async close() {
      await audit.flush();
      await file.close();
    },
  };
}
