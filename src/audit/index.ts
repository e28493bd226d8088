export type { ApiKeyEvent } from './api-key-events.js';
export type { AuditChain, AuditProblem, AuditVerdict, AuditVerification } from './audit-verification.js';
export type { ClientAddressEvent } from './client-address-events.js';
export type { AuditEvent, AuditRecord } from './events.js';
export type { KeyEvent } from './key-events.js';
export { type AuditFile, type OpenAuditFileOptions, openAuditFile } from './open-audit-file.js';
export { type AuditLogger, pinoSink } from './pino-sink.js';
export {
  type AuditSink,
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
  type OpenAuditTrail,
} from './record.js';
export type { SessionEvent } from './session-events.js';
export type { StoreEvent } from './store-events.js';
export type { TokenEvent, TokenIssuance } from './token-events.js';
export type { UserEvent } from './user-events.js';
export { verifyAuditFile } from './verify-audit-file.js';
