export type { AuditEvent, AuditRecord, TokenIssuance } from './events.js';
export { type AuditFile, type AuditFileOptions, openAuditFile } from './open-audit-file.js';
export { type AuditLogger, pinoSink } from './pino-sink.js';
export {
  type AuditSink,
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
  type OpenAuditTrail,
} from './record.js';
export {
  type AuditChain,
  type AuditProblem,
  type AuditVerification,
  verifyAuditFile,
} from './verify-audit-file.js';
