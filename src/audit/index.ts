export type { AuditChain, AuditProblem, AuditVerdict, AuditVerification } from './audit-verification.js';
export type { AuditEvent, AuditRecord, TokenIssuance } from './events.js';
export { type AuditFile, type OpenAuditFileOptions, openAuditFile } from './open-audit-file.js';
export { type AuditLogger, pinoSink } from './pino-sink.js';
export {
  type AuditSink,
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
  type OpenAuditTrail,
} from './record.js';
export { verifyAuditFile } from './verify-audit-file.js';
