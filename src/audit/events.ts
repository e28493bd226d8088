import type { ApiKeyEvent } from './api-key-events.js';
import type { ClientAddressEvent } from './client-address-events.js';
import type { KeyEvent } from './key-events.js';
import type { SessionEvent } from './session-events.js';
import type { StoreEvent } from './store-events.js';
import type { TokenEvent } from './token-events.js';
import type { UserEvent } from './user-events.js';

/**
 * Audit events, as a closed union. An event contains identifiers and results, never a token, a key, a secret or free
 * text from a request.
 */
export type AuditEvent =
  | TokenEvent
  | SessionEvent
  | UserEvent
  | KeyEvent
  | ApiKeyEvent
  | StoreEvent
  | ClientAddressEvent;

/** Audit event with its time, as sinks receive it. */
export type AuditRecord = AuditEvent & {
  /** Time of the event by the clock of the audit trail, ISO 8601 in UTC with whole seconds. */
  readonly time: string;
};
